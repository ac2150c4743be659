local departure = library("departure")

-- The registry of XEP-0045 §15.6, and what each code says of a leaving.
local registry = {
	["100"] = false, ["101"] = false, ["102"] = false, ["103"] = false, ["104"] = false, ["110"] = false,
	["170"] = false, ["171"] = false, ["172"] = false, ["173"] = false, ["174"] = false, ["201"] = false,
	["210"] = false, ["301"] = "banned", ["303"] = "renamed", ["307"] = "kicked", ["321"] = "removed",
	["322"] = "removed", ["332"] = "shutdown", ["333"] = "error",
}

test("every status code has its cause, or says nothing of a leaving", function()
	same(departure.causes, registry)
	for code, cause in pairs(registry) do
		same(departure.cause_of { code }, cause or nil, code)
		same(departure.cause_of { "110", code }, cause or nil, code)
	end
end)

test("of several codes the one that says more", function()
	same(departure.cause_of { "307", "333", "110" }, "error")
	same(departure.cause_of { "333", "307" }, "error")
	same(departure.cause_of { "307", "332" }, "shutdown")
	same(departure.cause_of { "301", "307" }, "banned")
	same(departure.cause_of { "307", "322" }, "removed")
	same(departure.cause_of {}, nil)
	same(departure.cause_of { "999" }, nil)
end)
