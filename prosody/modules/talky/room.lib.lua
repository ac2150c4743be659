-- One life of a room: a state machine that is told what stanzas said and emits what happened, on change
-- only. Mutes and screens are said once to each peer, and again to each later joiner; they happen once.
--
-- `emit(type, actor, data, peer)` is called in the order of happening. All else in a room is plain data:
-- `save` returns it, and `restore(saved, emit)` returns a room that goes on from there.

local room = {}
room.__index = room

-- What one client may have open, so that nobody fills the memory with invitations.
local most_sessions = 1000

-- How many requests from one client to another are remembered until they are answered, twice over.
local most_requests = 200

local function restore(saved, emit)
	local self = setmetatable({}, room)
	for name, value in pairs(saved) do self[name] = value end
	self.emit = emit
	return self
end

local function new(emit)
	return restore({
		locked = false,
		occupants = {}, -- by session id: { id, rtt, paused, words, screens, open, asked }
		calls = {}, -- Jingle sessions by key: { sid, initiator, responder, media, muted, accepted, screen, … }
		order = 0, -- stamps what begins, so that it ends in that order
	}, emit)
end

function room:save()
	local saved = {}
	for name, value in pairs(self) do
		if name ~= "emit" then saved[name] = value end
	end
	return saved
end

local function in_order(set)
	local list = {}
	for _, item in pairs(set) do table.insert(list, item) end
	table.sort(list, function(a, b) return a.order < b.order end)
	return list
end

function room:stamp()
	self.order = self.order + 1
	return self.order
end

function room:join(id, name, data)
	if self.occupants[id] then return end
	if not self.created then
		self.created = true
		self.emit("room_created", id, { name = name })
	end
	self.occupants[id] = {
		id = id, order = self:stamp(), rtt = false, paused = {}, words = {}, screens = {}, open = 0, asked = {},
	}
	self.emit("occupant_joined", id, data)
end

-- XEP-0166 has no say here: a client that goes never terminates its sessions, or does so too late.
function room:leave(id, data)
	local occupant = self.occupants[id]
	if not occupant then return end
	self:rtt(id, false)
	for _, screen in ipairs(in_order(occupant.screens)) do self:end_screen(id, screen) end
	for _, call in ipairs(in_order(self.calls)) do
		if call.initiator == id or call.responder == id then self:end_call(call, id, "left") end
	end
	self.occupants[id] = nil
	for _, other in pairs(self.occupants) do other.asked[id] = nil end
	self.emit("occupant_left", id, data)
end

function room:destroy(data)
	if self.created then self.emit("room_destroyed", nil, data) end
end

-- Ends all that is open, for nobody will be told of its end.
function room:close(cause, reason)
	for _, occupant in ipairs(in_order(self.occupants)) do self:leave(occupant.id, { cause = cause }) end
	self:destroy { reason = reason }
end

function room:lock(id, locked)
	if self.locked == locked then return end
	self.locked = locked
	self.emit(locked and "room_locked" or "room_unlocked", id)
end

function room:message(id, data)
	if self.occupants[id] then self.emit("message_sent", id, data) end
end

function room:rtt(id, enabled)
	local occupant = self.occupants[id]
	if not occupant or occupant.rtt == enabled then return end
	occupant.rtt = enabled
	self.emit(enabled and "rtt_enabled" or "rtt_disabled", id)
end

-- Jingle ----------------------------------------------------------------------------------------------
--
-- `said` is what jingle.read returned, `from` and `to` are the session ids of its two ends. Both may call
-- under one sid at once (XEP-0166 §7.2.16), so a session is known by who initiated it: `own` is the one
-- that `from` did, `theirs` the one that `to` did. An action returns the call that ends when it is refused.

local actions = {}

-- Requests that await their answer, by receiver and the stanza's id: two generations, so that dropping the
-- oldest takes no search.
local function remember(occupant, to, request, entry)
	local asked = occupant.asked[to]
	if not asked or asked.count >= most_requests then
		asked = { count = 0, entries = {}, before = asked and asked.entries or {} }
		occupant.asked[to] = asked
	end
	asked.count = asked.count + 1
	asked.entries[request] = entry
end

local function recall(occupant, to, request)
	local asked = occupant.asked[to]
	if not asked then return nil end
	local entry = asked.entries[request] or asked.before[request]
	asked.entries[request], asked.before[request] = nil, nil
	return entry
end

local function key_of(initiator, responder, sid)
	return initiator .. " " .. responder .. " " .. sid
end

function room:jingle(from, to, said, request)
	if from == to or not (self.occupants[from] and self.occupants[to]) then return end
	local own = self.calls[key_of(from, to, said.sid)]
	local theirs = self.calls[key_of(to, from, said.sid)]
	local act = actions[said.action]
	local stake = act and act(self, from, to, said, own, theirs)
	if request then
		remember(self.occupants[from], to, request, {
			sid = said.sid, action = said.action, own = own and own.order,
			stake = stake and stake.key, order = stake and stake.order,
		})
	end
end

-- `from` has answered a request of `to`: with a result, or with what jingle.read_refusal returned.
function room:answer(from, to, request, refusal)
	local asker = self.occupants[to]
	local asked = asker and recall(asker, from, request)
	if not asked then return end
	local own = self.calls[key_of(to, from, asked.sid)]
	local staked = asked.stake and self.calls[asked.stake]
	if staked and staked.order ~= asked.order then staked = nil end
	if not refusal then return self:grant(asked.action, staked, own and own.order == asked.own and own) end
	if refusal.unknown and asked.action ~= "session-initiate" then
		-- One who has no session of this sid has not their own either.
		local theirs = self.calls[key_of(from, to, asked.sid)]
		if own and (own == staked or own.order == asked.own) then self:refuse(own, from, refusal.condition) end
		if theirs then self:refuse(theirs, from, refusal.condition) end
	elseif staked then
		self:refuse(staked, from, refusal.condition)
	end
end

-- `staked` began or was accepted by the request, `own` was there before.
function room:grant(action, staked, own)
	if action == "session-initiate" and staked then
		staked.known = true
	elseif action == "session-initiate" and own then
		self:begin_again(own)
	elseif action == "session-accept" and staked then
		staked.agreed = true
	end
end

function room:refuse(call, id, condition)
	if not call.agreed then self:unhear(call) end
	self:end_call(call, id, condition)
end

actions["session-initiate"] = function(self, from, to, said, own)
	local occupant = self.occupants[from]
	if own or occupant.open >= most_sessions then return end
	occupant.open = occupant.open + 1
	local call = {
		key = key_of(from, to, said.sid), order = self:stamp(), sid = said.sid, initiator = from, responder = to,
		media = said.media, senders = said.senders, muted = {}, resumed = {},
	}
	self.calls[call.key] = call
	if said.screen then self:share_screen(call, said.screen) end
	return call
end

actions["session-accept"] = function(self, from, _, said, own, call)
	if not call or call.accepted then return end
	-- A client has one session of a sid.
	if own then self:end_call(own, from, "replaced") end
	call.accepted = true
	local media = #said.media > 0 and said.media or call.media
	self.emit("p2p_session_started", call.initiator, {
		sid = call.sid,
		media = #media > 0 and media or nil,
		screen = call.screen,
	}, call.responder)
	if not call.screen then self:hear_unmuted(call, media) end
	return call
end

actions["session-terminate"] = function(self, from, _, said, own, theirs)
	-- Who has not heard of the other's offer under this sid means their own.
	if own then self:end_call(own, from, said.reason) end
	if theirs and (theirs.known or not own) then self:end_call(theirs, from, said.reason) end
end

actions["session-info"] = function(self, from, _, said, own, theirs)
	local call = own or theirs
	-- A paused screen is no paused camera.
	if not call or call.screen then return end
	for _, pause in ipairs(said.pauses) do
		if own then own.muted[pause.medium] = pause.paused or nil end
		self.occupants[from].words[pause.medium] = self:stamp()
		self:pause(from, pause.medium, pause.paused, call.order)
	end
end

-- The client says which of its sessions carry a screen, right after initiating them.
actions["description-info"] = function(self, _, _, said, own)
	if own and said.screen and own.screen ~= said.screen then
		self:drop_screen(own)
		self:share_screen(own, said.screen)
	end
end

-- `order` is that of the call in which it was said.
function room:pause(id, medium, paused, order)
	local occupant = self.occupants[id]
	if (occupant.paused[medium] ~= nil) == paused then return end
	occupant.paused[medium] = paused and order or nil
	self.emit(medium .. (paused and "_paused" or "_resumed"), id)
end

-- A client says in each new session what is muted in it. So a session that is accepted without a word of it
-- tells that its medium goes on: who was alone had nobody to tell.
function room:hear_unmuted(call, media)
	local senders, initiator = call.senders or {}, self.occupants[call.initiator]
	for _, medium in ipairs(#media > 0 and media or { "audio", "video" }) do
		local by = senders[medium]
		local paused = initiator.paused[medium]
		if paused and not call.muted[medium] and by ~= "responder" and by ~= "none" then
			call.resumed[medium] = { paused = paused, word = initiator.words[medium] }
			self:pause(call.initiator, medium, false)
		end
		-- The responder mutes a session of both once it is accepted: only what was muted in none still counts.
		paused = self.occupants[call.responder].paused[medium]
		if paused and (by == "both" or by == "responder") and not self:is_open(paused) then
			self:pause(call.responder, medium, false)
		end
	end
end

-- A session's silence was none: it carries a screen, or was not there.
function room:unhear(call)
	local initiator = self.occupants[call.initiator]
	for _, medium in ipairs { "audio", "video" } do
		local resumed = call.resumed[medium]
		if resumed and resumed.word == initiator.words[medium] then
			self:pause(call.initiator, medium, true, resumed.paused)
		end
	end
	call.resumed = {}
end

function room:is_open(order)
	for _, call in pairs(self.calls) do
		if call.order == order then return true end
	end
	return false
end

function room:share_screen(call, id)
	local owner = self.occupants[call.initiator]
	-- What the session said, and did not say, of camera and microphone before was said of the screen.
	for _, medium in ipairs { "audio", "video" } do
		if owner.paused[medium] == call.order then self:pause(call.initiator, medium, false) end
	end
	self:unhear(call)
	call.muted = {}
	local screen = owner.screens[id]
	if not screen then
		screen = { id = id, order = self:stamp(), carriers = 0 }
		owner.screens[id] = screen
		self.emit("screencapture_started", call.initiator, { screen = id })
	end
	screen.carriers = screen.carriers + 1
	call.screen = id
end

-- A screen that nobody receives any more has ended.
function room:drop_screen(call)
	local screen = call.screen and self.occupants[call.initiator].screens[call.screen]
	call.screen = nil
	if not screen then return end
	screen.carriers = screen.carriers - 1
	if screen.carriers == 0 then self:end_screen(call.initiator, screen) end
end

function room:end_screen(id, screen)
	self.occupants[id].screens[screen.id] = nil
	self.emit("screencapture_ended", id, { screen = screen.id })
end

-- Ends a call by the deed of `id`, and with it a screen that nobody receives any more.
function room:end_call(call, id, reason)
	self.calls[call.key] = nil
	local owner = self.occupants[call.initiator]
	owner.open = owner.open - 1
	self:end_negotiated(call, id, reason)
	self:drop_screen(call)
end

function room:end_negotiated(call, id, reason)
	if not call.accepted then return end
	call.accepted = nil
	local other = call.initiator == id and call.responder or call.initiator
	self.emit("p2p_session_ended", id, { sid = call.sid, reason = reason }, other)
end

-- The responder has taken an offer under a sid that it had: what was negotiated before is gone.
function room:begin_again(call)
	self:end_negotiated(call, call.initiator, "replaced")
	call.muted, call.resumed, call.known, call.agreed = {}, {}, true, nil
end

return { new = new, restore = restore }
