local check = library("credential").check

local expected = { username = "ada", host = "users.example", now = 1000 }
local sid = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

local function claims(changes)
	local all = { sub = "ada", aud = "users.example", scope = "session", sid = sid, exp = 1001 }
	for name, value in pairs(changes or {}) do all[name] = value ~= "absent" and value or nil end
	return all
end

test("a session's credential", function()
	same(check(claims(), expected), {
		scope = "session", sid = sid, userid = "ada@users.example", has_customer_data = false,
	})
	same(check(claims { cd = true }, expected).has_customer_data, true)
	same(check(claims { cd = "yes" }, expected).has_customer_data, false)
end)

test("an ingest credential has no session id, whatever it says", function()
	same(check(claims { scope = "ingest", cd = true }, expected), {
		scope = "ingest", userid = "ada@users.example", has_customer_data = false,
	})
	same(check(claims { scope = "ingest", sid = "absent" }, expected).scope, "ingest")
end)

test("a credential that has begun", function()
	for _, nbf in ipairs { 0, 999, 1000 } do same(check(claims { nbf = nbf }, expected).sid, sid) end
end)

test("what is not good enough", function()
	for reason, changes in pairs {
		["expired"] = { { exp = 1000 }, { exp = "absent" }, { exp = "2000" } },
		["not valid yet"] = { { nbf = 1001 }, { nbf = "0" }, { nbf = {} }, { nbf = true } },
		["for another user"] = { { sub = "bob" }, { sub = "absent" }, { sub = "Ada" } },
		["for another host"] = { { aud = "guests.example" }, { aud = "absent" }, { aud = { "users.example" } } },
		["unknown scope"] = { { scope = "operator" }, { scope = "absent" }, { scope = { "session" } } },
		["no session id"] = {
			{ sid = "absent" }, { sid = "" }, { sid = sid:upper() }, { sid = sid .. "0" }, { sid = sid:gsub("-", "") },
			{ sid = 5 }, { sid = "3f2504e0-4f89-01d3-9a0c-0305e82c3301" },
		},
	} do
		for _, change in ipairs(changes) do
			local accepted, why = check(claims(change), expected)
			same(accepted, nil)
			same(why, reason)
		end
	end
end)

test("a payload that is no object", function()
	for _, payload in ipairs { "text", 5, true } do
		same(select(2, check(payload, expected)), "not an object")
	end
	same(select(2, check(nil, expected)), "not an object")
end)
