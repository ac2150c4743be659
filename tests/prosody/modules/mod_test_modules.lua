-- Lets a test reload, unload and load modules: `<module xmlns='urn:test:modules' do='reload' name='muc'/>`.
-- For the rooms' host.

local modulemanager = require "core.modulemanager"
local st = require "util.stanza"

local deeds = { reload = true, load = true, unload = true }

module:hook("iq-set/host/urn:test:modules:module", function(event)
	local asked = event.stanza.tags[1].attr
	assert(deeds[asked["do"]])
	local ok, err = modulemanager[asked["do"]](module.host, asked.name)
	event.origin.send(ok and st.reply(event.stanza) or st.error_reply(event.stanza, "cancel", "bad-request", err))
	return true
end)
