-- Authentication with a signed credential as the password (README.md, "Credentials"). Offers SASL PLAIN
-- only: with SCRAM the credential would never reach us. Pins the resource to the session id.
--
-- Option:
--   talky_session_key  the key that credentials are signed with, or a list of those that they may be; required.
--                      Read again when the configuration is reloaded (SIGHUP): keys change without a call cut
--
-- Other modules find what the credential said in `session.talky` (talky/credential.lib.lua).

module:require "talky/lua"
local jid = require "util.jid"
local jwt = require "util.jwt"
local new_sasl = require "util.sasl".new
local nodeprep = require "util.encodings".stringprep.nodeprep
local credential = module:require "talky/credential"

-- Prosody 13 has verifiers for one algorithm and deprecates `jwt.verify`, which is HS256's; in 0.12 it is all
-- there is. Neither lets the token choose the algorithm.
local function decoder(key)
	return jwt.new_verifier and jwt.new_verifier("HS256", key)
		or function(token) return jwt.verify(key, token) end
end

local decoders = {}

-- Returns whether there are keys.
local function read_keys()
	local keys = module:get_option_array("talky_session_key")
	if not keys or #keys == 0 then return false end
	decoders = {}
	for i, key in ipairs(keys) do decoders[i] = decoder(key) end
	return true
end

assert(read_keys(), "talky_session_key is not set")

-- A reload that has lost the keys leaves those that there are.
module:hook_global("config-reloaded", function()
	if not read_keys() then module:log("error", "talky_session_key is not set: the keys stay as they were") end
end)

-- Returns what the credential says, or nil and the reason.
local function verify(token, username)
	local reason = "no key"
	for _, decode in ipairs(decoders) do
		local genuine, claims = decode(token)
		if genuine then
			return credential.check(claims, { username = username, host = module.host, now = os.time() })
		end
		reason = claims
	end
	return nil, reason
end

-- Some clients (stanza, and with it Talky's) unescape the node of the JID that they log in with (XEP-0106):
-- `ada@example.com` for `ada\40example.com`. No node has such characters, so they can only be meant so.
local function username_of(given)
	return nodeprep(given) or nodeprep(jid.escape(given))
end

local provider = {}

function provider.get_sasl_handler(session)
	return new_sasl(module.host, {
		nodeprep = username_of,
		plain_test = function(_, username, password)
			local claims, reason = verify(password, username)
			if not claims then session.log("info", "Credential of %s refused: %s", username, reason) end
			session.talky = claims
			-- The second value says that the account is not disabled.
			return claims ~= nil, true
		end,
	})
end

-- There are no accounts: a credential makes a user.
function provider.user_exists()
	return true
end

function provider.test_password()
	return nil, "Passwords are credentials, tested by SASL only"
end

for _, name in ipairs { "get_password", "set_password", "create_user", "delete_user" } do
	provider[name] = function() return nil, "Credentials are made by the API" end
end

function provider.users()
	return function() end
end

module:provides("auth", provider)

-- An expired credential does not end the session it began: it is looked at here only.
module:hook("pre-resource-bind", function(event)
	local claims = event.session.talky
	if claims and claims.scope == "session" then event.resource = claims.sid end
end)
