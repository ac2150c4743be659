-- How many WebSockets there are, in all and of one address. For the WebSocket.
--
-- Options:
--   talky_connections              default 20000
--   talky_connections_per_address  default 1000; an address of IPv6 is its /64
--
-- Behind a proxy, `trusted_proxies` has to name it, or all its clients have one address. The API's relay and a
-- proxy on the same machine are trusted by default.

module:set_global()

local network_of = module:require "talky/address"

local most = module:get_option_number("talky_connections", 20000)
local most_per_address = module:get_option_number("talky_connections_per_address", 1000)

-- Outlives a reload: how many there are, and of each connection whose it is.
local there = module:shared("there")
there.all = there.all or 0
there.by_address = there.by_address or {}
there.address_of = there.address_of or {}

local function count(address, change)
	there.all = there.all + change
	local number = (there.by_address[address] or 0) + change
	there.by_address[address] = number > 0 and number or nil
end

-- After the handshake, which is not answered yet.
local function refuse(session, text)
	module:log("info", "A WebSocket of %s is refused: %s", session.ip, text)
	session.data = function() end
	module:add_timer(0, function()
		if session.conn then session:close { condition = "resource-constraint", text = text } end
	end)
end

module:hook("websocket-session", function(event)
	local session = event.session
	local address = network_of(session.ip)
	there.address_of[session.conn] = address
	count(address, 1)
	if there.all > most then
		refuse(session, "There are too many connections: try again later")
	elseif there.by_address[address] > most_per_address then
		refuse(session, "There are too many connections from your address: close one first")
	end
end, 2000)

module:hook("c2s-closed", function(event)
	local address = there.address_of[event.conn]
	if not address then return end
	there.address_of[event.conn] = nil
	count(address, -1)
end)
