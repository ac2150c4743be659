-- The id of one life of a room: made when it is first asked for, gone with the room.

local new_uuid = require "util.uuid".generate

return function(room)
	-- In the room's own data, so that it survives when the MUC swaps out an inactive room.
	local data = room._data
	data.talky_room_id = data.talky_room_id or new_uuid()
	return data.talky_room_id
end
