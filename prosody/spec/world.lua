-- A room with clients as they are: each knows what it has heard, and not what is under way. Stanzas go to the
-- server in the order in which a client sends them, and on to the others in the order in which they pass it;
-- the room under test sees what passes.

local world = {}
world.__index = world

local function new(room, options)
	return setmetatable({
		room = room, clients = {}, ids = options.ids, lossy = options.lossy, requests = 0, used = {},
	}, world)
end

local function key(peer, sid) return peer .. " " .. sid end

local function fresh(id)
	return {
		id = id, up = {}, down = {}, sessions = {}, asked = {}, peers = {},
		paused = { audio = false, video = false }, voice = true, typing = false,
	}
end

-- Clients ---------------------------------------------------------------------------------------------

function world:ask(client, peer, action, sid, more)
	self.requests = self.requests + 1
	local said = { action = action, sid = sid, media = {}, pauses = {} }
	for name, value in pairs(more or {}) do said[name] = value end
	local request = { kind = "request", from = client.id, to = peer, id = "r" .. self.requests, said = said }
	client.asked[request.id] = request
	table.insert(client.up, request)
	return request
end

local media = { "audio", "video" }

function world:call(client, peer, sid, screen)
	if client.sessions[key(peer, sid)] then return end
	self:use_sid(client, peer, sid)
	local session = { peer = peer, sid = sid, initiator = true, screen = screen }
	client.sessions[key(peer, sid)] = session
	local first = #client.up + 1
	session.request = self:ask(client, peer, "session-initiate", sid, { media = screen and { "video" } or media }).id
	if screen then
		self:ask(client, peer, "description-info", sid, { screen = screen })
	else
		for _, medium in ipairs(media) do
			if client.paused[medium] then self:mute(client, session, medium, true) end
		end
	end
	-- Sent in one breath: no acceptance comes between them.
	for n = first, #client.up - 1 do client.up[n].more = true end
end

-- A sid that the client has neither used nor heard of with this peer: the peer may be using it right now.
function world:free_sid(client, peer)
	local n = 1
	while self.used[client.id .. key(peer, n)] do n = n + 1 end
	return tostring(n)
end

function world:use_sid(client, peer, sid)
	self.used[client.id .. key(peer, sid)] = true
end

function world:mute(client, session, medium, paused)
	self:ask(client, session.peer, "session-info", session.sid, { pauses = { { medium = medium, paused = paused } } })
end

function world:pause(client, medium)
	client.paused[medium] = not client.paused[medium]
	for _, session in pairs(client.sessions) do
		if session.initiator and not session.screen then self:mute(client, session, medium, client.paused[medium]) end
	end
end

function world:accept(client, session)
	session.active = true
	session.accepting = self:ask(client, session.peer, "session-accept", session.sid).id
end

function world:hang_up(client, session)
	client.sessions[key(session.peer, session.sid)] = nil
	self:ask(client, session.peer, "session-terminate", session.sid, { reason = "success" })
end

-- What a client answers, by XEP-0166: nil for a result, or a refusal.
local unknown = { condition = "unknown-session", unknown = true }
local out_of_order = { condition = "out-of-order", unknown = false }
local tie_break = { condition = "tie-break", unknown = false }

local function take_offer(client, request)
	local sid, peer = request.said.sid, request.from
	local session = client.sessions[key(peer, sid)]
	if session then
		if session.active or not session.initiator then return out_of_order end
		if client.id < peer then return tie_break end
	end
	client.sessions[key(peer, sid)] = { peer = peer, sid = sid }
end

local function hear_request(client, request)
	local said = request.said
	local at = key(request.from, said.sid)
	local session = client.sessions[at]
	if said.action == "session-initiate" then return take_offer(client, request) end
	if said.action == "session-terminate" then
		client.sessions[at] = nil
	elseif not session then
		return unknown
	elseif said.action == "session-accept" then
		if session.active or not session.initiator then return out_of_order end
		session.active = true
	end
end

local function hear_answer(client, answer)
	local request = client.asked[answer.id]
	client.asked[answer.id] = nil
	if not (request and answer.refusal) then return end
	local at = key(request.to, request.said.sid)
	local session = client.sessions[at]
	if not session then return end
	local staked = session.request == answer.id or session.accepting == answer.id
	local unknown_there = answer.refusal.unknown and request.said.action ~= "session-initiate"
	if staked or unknown_there then client.sessions[at] = nil end
end

-- As the SDK does: without a word, for the peer is gone. It may be back by then.
local function lose_peer(client, peer)
	client.peers[peer] = nil
	for at, session in pairs(client.sessions) do
		if session.peer == peer then client.sessions[at] = nil end
	end
end

-- Errors that have nothing to do with the request.
local whims = {
	{ condition = "service-unavailable", unknown = true }, { condition = "not-acceptable", unknown = false },
	{ condition = "unsupported-info", unknown = false },
}

function world:hear(client)
	local stanza = table.remove(client.down, 1)
	if stanza.kind == "left" then return lose_peer(client, stanza.from) end
	if stanza.kind == "joined" then client.peers[stanza.from] = true return end
	if stanza.kind == "answer" then return hear_answer(client, stanza) end
	local refusal
	local action = stanza.said.action
	self:use_sid(client, stanza.from, stanza.said.sid)
	if self.lossy and math.random(10) == 1 then return end -- it never says a word of it
	if math.random(8) == 1 and (action == "session-initiate" or action == "session-info") then
		refusal = whims[action == "session-initiate" and math.random(2) or 3]
	else
		refusal = hear_request(client, stanza)
	end
	table.insert(client.up, { kind = "answer", from = client.id, to = stanza.from, id = stanza.id, refusal = refusal })
end

-- The server ------------------------------------------------------------------------------------------

function world:join(id)
	local client = fresh(id)
	for _, other in pairs(self.clients) do
		client.peers[other.id] = true
		table.insert(other.down, { kind = "joined", from = id })
	end
	self.clients[id] = client
	self.room:join(id, "daily", {})
end

function world:leave(id)
	self.clients[id] = nil
	self.room:leave(id, { cause = "left" })
	for _, other in pairs(self.clients) do table.insert(other.down, { kind = "left", from = id }) end
end

function world:set_voice(client, voice)
	client.voice = voice
	if voice then return end
	client.typing = false
	self.room:rtt(client.id, false)
end

function world:pass(client)
	local more
	repeat
		local stanza = table.remove(client.up, 1)
		more = stanza.more
		self:pass_one(client, stanza)
	until not more
end

function world:pass_one(client, stanza)
	if stanza.kind == "rtt" then
		if not client.voice then return end
		client.typing = stanza.enabled
		return self.room:rtt(client.id, stanza.enabled)
	end
	local receiver = self.clients[stanza.to]
	if stanza.kind == "request" then
		self.room:jingle(stanza.from, stanza.to, stanza.said, stanza.id)
	elseif receiver then
		self.room:answer(stanza.from, stanza.to, stanza.id, stanza.refusal)
	end
	if receiver then
		table.insert(receiver.down, stanza)
	elseif stanza.kind == "request" then
		table.insert(client.down, { kind = "answer", id = stanza.id, refusal = unknown })
	end
end

local function offers_to(client)
	local offers = {}
	for _, session in pairs(client.sessions) do
		if not session.initiator and not session.active then table.insert(offers, session) end
	end
	table.sort(offers, function(a, b) return key(a.peer, a.sid) < key(b.peer, b.sid) end)
	return offers
end

-- Lets all that is under way arrive, and every offer be accepted or declined.
function world:settle()
	local busy = true
	while busy do
		busy = false
		for _, id in ipairs(self.ids) do
			local client = self.clients[id]
			while client and #client.up > 0 do self:pass(client); busy = true end
			while client and #client.down > 0 do self:hear(client); busy = true end
			for _, offer in ipairs(client and offers_to(client) or {}) do
				if math.random(4) == 1 then self:hang_up(client, offer) else self:accept(client, offer) end
				busy = true
			end
		end
	end
end

return { new = new }
