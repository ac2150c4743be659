-- Who owns a room whose owner is gone (ADR 12). A line of heirs: while no owner of its own right is there, the
-- first heir that is there owns the room; while none of them is, who has been there longest becomes one.
--
-- The line is plain data, so that it can be kept with the room: heirs, in order, each { user, before }.

-- Absent heirs beyond these are forgotten, so that a long-lived room does not keep everybody who was in it.
local most_heirs = 16

local function rank(line, user)
	for place, heir in ipairs(line) do
		if heir.user == user then return place end
	end
end

-- Whether a user owns the room only as an heir.
local function is_heir(line, user)
	return rank(line, user) ~= nil
end

-- An owner has said what a user is: heir no more.
local function decide(line, user)
	local place = rank(line, user)
	if place then table.remove(line, place) end
end

-- Takes heirs from the line, from the last to that at `first`. Returns what they become again.
local function step_back(line, first, last)
	local changes = {}
	for place = last, first, -1 do
		local heir = table.remove(line, place)
		table.insert(changes, { user = heir.user, affiliation = heir.before })
	end
	return changes
end

-- Those without a voice come last: an owner has taken it.
local function comes_before(a, b)
	local silent_a, silent_b = a.role == "visitor", b.role == "visitor"
	if silent_a ~= silent_b then return silent_b end
	return a.arrival < b.arrival
end

-- Settles who owns the room among `occupants`, each { user, affiliation, role, arrival }. Returns the changes that
-- make it so, each { user, affiliation }, in order; none when it is so.
local function settle(line, occupants)
	local first, longest
	for _, occupant in ipairs(occupants) do
		local place = rank(line, occupant.user)
		if occupant.affiliation == "owner" and not place then return step_back(line, 1, #line) end
		if place and (not first or place < first) then first = place end
		if not longest or comes_before(occupant, longest) then longest = occupant end
	end
	if first then return step_back(line, first + 1, #line) end
	if not longest then return {} end
	table.insert(line, { user = longest.user, before = longest.affiliation })
	local changes = { { user = longest.user, affiliation = "owner" } }
	if #line > most_heirs then
		local forgotten = step_back(line, 1, 1)
		table.insert(changes, forgotten[1])
	end
	return changes
end

return { is_heir = is_heir, decide = decide, settle = settle }
