std = "lua54"
max_line_length = 120
local in_prosody = {
	read_globals = {
		"prosody",
		module = {
			other_fields = true,
			fields = {
				add_host = { read_only = false }, load = { read_only = false }, unload = { read_only = false },
				save = { read_only = false }, restore = { read_only = false },
			},
		},
	},
}
files["prosody/modules/**/*.lua"] = in_prosody
files["proof/chaos/modules/*.lua"] = in_prosody
files["tests/prosody/modules/*.lua"] = in_prosody
-- What the runner gives to the tests.
files["prosody/spec/run.lua"] = { globals = { "library", "support", "fixture", "same", "test" } }
files["prosody/spec/*_spec.lua"] = { read_globals = { "library", "support", "fixture", "same", "test" } }
files["prosody/spec/forgetful_directory.lua"] = { read_globals = { "support" } }
