-- What a credential must say to be accepted (../../README.md, "Credentials"). The signature has been
-- verified; the payload is still whatever its signer wrote, a table or not.

local scopes = { session = true, ingest = true }

-- Lower case only: the id is compared byte by byte as resource and nick.
local uuid = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-[1-8]%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

local function is_session_id(value)
	return type(value) == "string" and value == value:lower() and value:match(uuid) ~= nil
end

-- Returns { scope, sid, userid, has_customer_data }, or nil and the reason. `expected` is { username, host, now }.
local function check(claims, expected)
	if type(claims) ~= "table" then
		return nil, "not an object"
	elseif type(claims.exp) ~= "number" or claims.exp <= expected.now then
		return nil, "expired"
	elseif claims.nbf ~= nil and (type(claims.nbf) ~= "number" or claims.nbf > expected.now) then
		return nil, "not valid yet"
	elseif claims.sub ~= expected.username then
		return nil, "for another user"
	elseif claims.aud ~= expected.host then
		return nil, "for another host"
	elseif not scopes[claims.scope] then
		return nil, "unknown scope"
	elseif claims.scope == "session" and not is_session_id(claims.sid) then
		return nil, "no session id"
	end
	return {
		scope = claims.scope,
		sid = claims.scope == "session" and claims.sid or nil,
		userid = expected.username .. "@" .. expected.host,
		has_customer_data = claims.scope == "session" and claims.cd == true,
	}
end

return { check = check }
