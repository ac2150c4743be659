-- One life of a room: a state machine that is told what stanzas said and emits what happened, on change
-- only. Mutes and screens are said once to each peer, and again to each later joiner; they happen once.
--
-- `emit(type, actor, data, peer)` is called in the order of happening.

local room = {}
room.__index = room

-- What one client may have open, so that nobody fills the memory with invitations.
local most_sessions = 1000

local function new(emit)
	return setmetatable({
		emit = emit,
		locked = false,
		occupants = {}, -- by session id: { rtt, paused, screens, open }
		calls = {}, -- Jingle sessions by key: { sid, initiator, responder, media, accepted, screen }
		order = 0, -- stamps calls and screens, so that they end in the order they began
	}, room)
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
	self.occupants[id] = { rtt = false, paused = {}, screens = {}, open = 0 }
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
	self.emit("occupant_left", id, data)
end

function room:destroy(data)
	if self.created then self.emit("room_destroyed", nil, data) end
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

-- Jingle: `said` is what jingle.read returned, `from` and `to` are the session ids of its two ends.

local actions = {}

function room:jingle(from, to, said)
	local act = actions[said.action]
	if act and from ~= to and self.occupants[from] and self.occupants[to] then
		-- A Jingle sid is unique between two peers, whichever of them speaks.
		local pair = from < to and from .. " " .. to or to .. " " .. from
		act(self, from, to, said, pair .. " " .. said.sid)
	end
end

actions["session-initiate"] = function(self, from, to, said, key)
	local occupant = self.occupants[from]
	if self.calls[key] or occupant.open >= most_sessions then return end
	occupant.open = occupant.open + 1
	local call = { key = key, order = self:stamp(), sid = said.sid, media = said.media, initiator = from, responder = to }
	self.calls[key] = call
	if said.screen then self:share_screen(call, said.screen) end
end

actions["session-accept"] = function(self, from, _, said, key)
	local call = self.calls[key]
	if not call or call.accepted or call.responder ~= from then return end
	call.accepted = true
	local media = #said.media > 0 and said.media or call.media
	self.emit("p2p_session_started", call.initiator, {
		sid = call.sid,
		media = #media > 0 and media or nil,
		screen = call.screen and call.screen.id,
	}, call.responder)
end

actions["session-terminate"] = function(self, from, _, said, key)
	local call = self.calls[key]
	if call then self:end_call(call, from, said.reason) end
end

actions["session-info"] = function(self, from, _, said, key)
	local call = self.calls[key]
	-- A paused screen is no paused camera.
	if not call or call.screen then return end
	for _, pause in ipairs(said.pauses) do self:pause(from, pause.medium, pause.paused, call) end
end

-- The client says which of its sessions carry a screen, right after initiating them.
actions["description-info"] = function(self, from, _, said, key)
	local call = self.calls[key]
	if call and said.screen and not call.screen and call.initiator == from then
		self:share_screen(call, said.screen)
	end
end

function room:pause(id, medium, paused, call)
	local occupant = self.occupants[id]
	if (occupant.paused[medium] ~= nil) == paused then return end
	occupant.paused[medium] = paused and call or nil
	self.emit(medium .. (paused and "_paused" or "_resumed"), id)
end

function room:share_screen(call, id)
	local owner = self.occupants[call.initiator]
	-- A client mutes a new session before it says that it carries a screen: take that pause back.
	for _, medium in ipairs { "audio", "video" } do
		if owner.paused[medium] == call then self:pause(call.initiator, medium, false) end
	end
	local screen = owner.screens[id]
	if not screen then
		screen = { id = id, order = self:stamp(), carriers = 0 }
		owner.screens[id] = screen
		self.emit("screencapture_started", call.initiator, { screen = id })
	end
	screen.carriers = screen.carriers + 1
	call.screen = screen
end

function room:end_screen(id, screen)
	local owner = self.occupants[id]
	if owner.screens[screen.id] ~= screen then return end
	owner.screens[screen.id] = nil
	self.emit("screencapture_ended", id, { screen = screen.id })
end

-- Ends a call by the deed of `id`, and with it a screen that nobody receives any more.
function room:end_call(call, id, reason)
	self.calls[call.key] = nil
	local owner = self.occupants[call.initiator]
	owner.open = owner.open - 1
	if call.accepted then
		local other = call.initiator == id and call.responder or call.initiator
		self.emit("p2p_session_ended", id, { sid = call.sid, reason = reason }, other)
	end
	if call.screen then
		call.screen.carriers = call.screen.carriers - 1
		if call.screen.carriers == 0 then self:end_screen(call.initiator, call.screen) end
	end
end

return { new = new }
