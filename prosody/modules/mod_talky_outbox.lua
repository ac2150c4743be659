-- Keeps records on disk and feeds them to the API (README.md, "The outbox"): one outbox for all hosts of
-- this Prosody. Other modules depend on it, and find in `module:shared("/*/talky_outbox/outbox")`:
--   append(entry)          writes down { type, room, actor, peer, data }
--   refusal(session)       why a session may begin nothing now (mod_talky_admission): condition and text, or nil
--   enter(session), leave(session)  whose share of the outbox is charged, from when to when
--   ask(element, timeout)  asks the API something
--
-- Options (global):
--   talky_source            name of this Prosody among those the API reads; default: the machine's name when
--                           the outbox was made
--   talky_outbox_max_bytes  what the outbox may take on disk before nothing new begins; default 256 MiB
--   talky_outbox_directory  default: talky_outbox in Prosody's data directory
--   talky_outbox_session_rate, talky_outbox_session_burst  bytes a second, and at once, that one session may have
--                           written down; default 4 KiB and 2 MiB
--   talky_outbox_share_rate, talky_outbox_share_burst  the same of an account, and of an address; counts while the
--                           outbox is more than half full; default 64 KiB and 16 MiB
--   talky_outbox_sync_ms    milliseconds after which what was written down is forced to disk at the latest, where
--                           lua-posix or lua-luv is installed; default 50
--
-- Reloading this module goes on with the same epoch, and with the same subscribers.

module:set_global()

module:require "talky/lua"
local json = require "util.json"
local lfs = require "lfs"
local now = require "util.time".now
local pposix = require "util.pposix"
local st = require "util.stanza"
local uuid = require "util.uuid"

local record = module:require "talky/record"
local journals = module:require "talky/journal"
local readers = module:require "talky/reader"
local deliveries = module:require "talky/delivery"
local budgets = module:require "talky/budget"
local network_of = module:require "talky/address"

local xmlns = "urn:talky:outbox:1"

local max_bytes = module:get_option_number("talky_outbox_max_bytes", 256 * 1024 * 1024)
local sync_after = math.max(0, module:get_option_number("talky_outbox_sync_ms", 50)) / 1000

-- Other modules hold this table while this one is reloaded, and hooks find here what is theirs to call: the
-- functions of the one that is loaded now.
local outbox = module:shared("/*/talky_outbox/outbox")

-- Closes the one before, which may have written until now, and returns what it leaves to this one.
local previous = outbox.close and outbox.close()

local warned = {} -- what was said, and when: each once a minute
local function warn(what, more)
	if now() - (warned[what] or -math.huge) < 60 then return end
	warned[what] = now()
	module:log("error", "%s: %s", what, more)
end

local disk = (module:require "talky/disk").find()
local directory = (module:require "talky/directory").open(
	module:get_option_path("talky_outbox_directory", "talky_outbox", "data"), lfs, disk)
if not disk and not previous then
	module:log("warn", "Neither lua-posix nor lua-luv is installed for this Lua: what is written down outlives "
		.. "Prosody, but a power cut may cost what the kernel has not written to disk (up to half a minute)")
end

-- The name stays with the records: under another one, as a container's or a laptop's may become, the API
-- would take them for new, and leave the old one's rooms open.
local function stable_name()
	local file = directory:open("source", "rb")
	local name = file and file:read("a"):match("^%S+$")
	if file then file:close() end
	if not name then
		name = pposix.uname().nodename
		directory:replace("source", name)
	end
	return name
end

local source = module:get_option_string("talky_source") or stable_name()

local journal = journals.open {
	directory = directory,
	format = module:require "talky/segment",
	now = math.floor(now() * 1000),
	suffix = uuid.get_nibbles(8),
	max_bytes = math.tointeger(max_bytes),
	resume = previous and previous.journal,
	warn = warn,
}

local function bytes_of(name, rate, burst)
	return {
		rate = module:get_option_number("talky_outbox_" .. name .. "_rate", rate),
		burst = module:get_option_number("talky_outbox_" .. name .. "_burst", burst),
	}
end

local budget = budgets.new {
	session = bytes_of("session", 4 * 1024, 2 * 1024 * 1024),
	share = bytes_of("share", 64 * 1024, 16 * 1024 * 1024),
	buckets = module:require "talky/bucket",
	resume = previous and previous.budget,
}

local function attributes(more)
	local attr = {
		xmlns = xmlns,
		source = source,
		bytes = ("%d"):format(journal.bytes),
		limit = ("%d"):format(max_bytes),
		held = ("%d"):format(#journal.held),
		lost = ("%d"):format(journal:lost()),
	}
	for name, value in pairs(more) do attr[name] = tostring(value) end
	return attr
end

local delivery = deliveries.new {
	journal = journal,
	reader = readers.new(journal),
	now = now,
	send = function(subscriber, batch)
		local iq = st.iq({ type = "set", from = subscriber.host, to = subscriber.jid, id = batch.id })
		iq:tag("batch", attributes {
			epoch = batch.epoch, first = batch.first, last = batch.last, pending = batch.pending,
		}):text(batch.text)
		prosody.core_post_stanza(prosody.hosts[subscriber.host], iq)
	end,
	resume = previous and previous.delivery,
	warn = warn,
}

-- Sends on the next turn of the event loop: at once, yet all that happens in one turn goes together.
local scheduled = false
local function schedule()
	if scheduled then return end
	scheduled = true
	module:add_timer(0, function()
		scheduled = false
		delivery:pump()
	end)
end

local function level()
	if #journal.held > 0 or journal.unsafe then return "refused" end
	if journal.bytes >= max_bytes then return "full" end
	return journal.bytes >= 0.8 * max_bytes and "filling" or "fine"
end

local sayings = {
	refused = { "error", "the outbox's disk refuses: nothing new begins until it takes records again" },
	full = { "error", "the outbox is full: nothing new begins until the API has read of it" },
	filling = { "warn", "the outbox is 80 %% full, and when full lets nothing begin: are API and database there?" },
	fine = { "info", "the outbox has room again" },
}

local last_level = "fine"
local function report_level()
	local new_level = level()
	if new_level ~= last_level then module:log(table.unpack(sayings[new_level])) end
	last_level = new_level
end

-- Forces to disk all that is written within a short time, at once.
local syncing = false
local function schedule_sync()
	if syncing or not directory.sync or not next(journal.unsynced) then return end
	syncing = true
	module:add_timer(sync_after, function()
		syncing = false
		journal:sync()
	end)
end

local tick = 0.25
local function tend()
	journal:retry()
	schedule_sync()
	delivery:tick()
	report_level()
	budget:sweep(now())
end

-- Prosody gives up a timer that throws, and nothing would be sent any more.
module:add_timer(tick, function()
	local ok, err = xpcall(tend, debug.traceback)
	if not ok then warn("the outbox could not be looked after", err) end
	return tick
end)

local encode = record.encoder(json.encode)

local function append(entry)
	local line = encode(entry, now())
	journal:append(line)
	budget:charge(entry, #line, now())
	schedule_sync()
	schedule()
end

-- Asks the API, over the session that is fed: returns a promise of its answer, or nil when there is none.
local function ask(element, timeout)
	local subscriber = delivery:active()
	if not subscriber then return nil end
	local iq = st.iq({ type = "get", from = subscriber.host, to = subscriber.jid, id = uuid.generate() })
	return module:context(subscriber.host):send_iq(iq:add_child(element), nil, timeout)
end

outbox.append, outbox.ask = append, ask

-- Of a client's session; of the API's, nothing is recorded.
local function party_of(session)
	local claims = session.talky
	if not (claims and claims.scope == "session") then return nil end
	return { session = claims.sid, account = claims.userid, address = session.ip and network_of(session.ip) }
end

function outbox.refusal(session)
	if journal:is_full() then
		return "resource-constraint", "What happens cannot be written down now: try again later"
	end
	local party = party_of(session)
	local seconds = party and budget:wait(party, journal.bytes / max_bytes, now())
	if not seconds then return nil end
	return "policy-violation",
		("More has been written down of you than may be: try again in %d s"):format(math.ceil(seconds))
end

function outbox.enter(session)
	session.talky_party = party_of(session)
	if session.talky_party then budget:enter(session.talky_party) end
end

function outbox.leave(session)
	if session.talky_party then budget:leave(session.talky_party) end
end

-- Returns what another instance goes on with.
function outbox.close()
	return { journal = journal:close(), delivery = delivery:close(), budget = budget }
end

function module.unload() journal:close() end

if not previous then
	append { type = "epoch_started", data = { software = "prosody " .. prosody.version } }
	-- Before anybody hears of this epoch: the next one must be later, also after a power cut that sets the clock back.
	journal:sync()
end

module:hook("server-stopped", function()
	outbox.close()
	-- What the disk still refuses when Prosody ends is gone.
	local given_up = #journal.held
	if given_up > 0 then module:log("error", "the outbox's disk refuses: %d records are given up", given_up) end
end)

-- The protocol ----------------------------------------------------------------------------------------

local function answer(stanza, name)
	local fed = delivery:active()
	return st.reply(stanza):tag(name, attributes {
		epoch = journal.epoch,
		active = fed ~= nil and fed.jid == stanza.attr.from,
		pending = journal:unacknowledged(),
	})
end

local function may_read(event)
	local claims = event.origin.talky
	if claims and claims.scope == "ingest" then return true end
	event.origin.send(st.error_reply(event.stanza, "auth", "forbidden", "Takes a credential of scope ingest"))
	return false
end

-- Positions are per source; the ones of other sources say nothing here.
local function read_positions(subscribe)
	local positions = {}
	for position in subscribe:childtags("position") do
		local attr = position.attr
		local seq = attr.seq and attr.seq:match("^%d+$") and math.tointeger(tonumber(attr.seq))
		if not (attr.source and attr.epoch and seq) then return nil end
		if attr.source == source then table.insert(positions, { epoch = attr.epoch, seq = seq }) end
	end
	return positions
end

function outbox.handle_subscribe(event)
	local origin, stanza = event.origin, event.stanza
	if not may_read(event) then return true end
	local subscribe = stanza.tags[1]
	local window = math.tointeger(tonumber(subscribe.attr.window or "4"))
	local positions = read_positions(subscribe)
	if not window or window < 1 or window > 16 then
		origin.send(st.error_reply(stanza, "modify", "bad-request", "window takes an integer from 1 to 16"))
		return true
	elseif not positions then
		origin.send(st.error_reply(stanza, "modify", "bad-request", "position takes source, epoch and seq"))
		return true
	end
	for _, position in ipairs(positions) do
		local ordinal = journal:ordinal_after(position)
		if ordinal then journal:acknowledge(ordinal) end
	end
	local subscriber = { jid = stanza.attr.from, window = window, host = stanza.attr.to }
	delivery:subscribe(subscriber)
	origin.send(answer(stanza, "subscribed"))
	schedule()
	return true
end

function outbox.handle_status(event)
	if may_read(event) then event.origin.send(answer(event.stanza, "status")) end
	return true
end

function outbox.handle_answer(event)
	local attr = event.stanza.attr
	if attr.type == "result" then
		return delivery:acknowledge(attr.from, attr.id)
	elseif attr.type == "error" then
		return delivery:refuse(attr.from, attr.id)
	end
end

function outbox.handle_unbind(event)
	delivery:unsubscribe(event.session.full_jid)
	schedule()
end

function module.add_host(host_module)
	-- These hooks stay when only the module itself is reloaded.
	local function hook(event_name, handler, priority)
		host_module:hook(event_name, function(event) return outbox[handler](event) end, priority)
	end
	if host_module:get_host_type() == "component" then
		hook("iq-set/host/" .. xmlns .. ":subscribe", "handle_subscribe")
		hook("iq-get/host/" .. xmlns .. ":status", "handle_status")
		-- One hook for all answers, before mod_iq looks for one by id: nothing to clean up per batch.
		hook("iq/host", "handle_answer", 1)
	else
		hook("resource-unbind", "handle_unbind")
	end
end
