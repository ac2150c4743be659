-- Fails, in words that help, where Prosody runs on a Lua that these modules are not written in: Prosody itself
-- takes older ones, and which it gets is the launcher's first line, on Debian often `lua`. Written in what every
-- Lua reads.

assert(_VERSION == "Lua 5.4", "Talky's modules need Lua 5.4, and Prosody runs on " .. _VERSION
	.. ": let its launcher's first line name lua5.4 (where that is lua: update-alternatives --config lua-interpreter)")

return {}
