-- How deep and how large an element is, as far as that matters. Uses only the plain field `tags`. Recursion would
-- be as deep as what it looks at.

local too_many = "A stanza may have %d elements"

-- Returns what is wrong with an element that is nested deeper than `deepest` (1: it has no children), or has more
-- than `most` elements in it; nil of one that is fine.
local function flaw(element, deepest, most)
	local level, depth, count = { element }, 0, 0
	while #level > 0 do
		depth = depth + 1
		count = count + #level
		if depth > deepest then return ("A stanza may be nested %d deep"):format(deepest) end
		if count > most then return too_many:format(most) end
		local below = {}
		for _, parent in ipairs(level) do
			for _, child in ipairs(parent.tags) do
				-- No more than it takes to know.
				if count + #below > most then break end
				below[#below + 1] = child
			end
		end
		level = below
	end
end

-- The same of a text that has not been parsed, by a look at its tags: parsing tens of thousands of elements keeps
-- everybody waiting. Returns nil of one that may be fine.
local function text_flaw(text, most)
	local at, count = 1, 0
	while true do
		at = text:find("<[^/]", at)
		if not at then return nil end
		count = count + 1
		if count > most then return too_many:format(most) end
		at = at + 1
	end
end

return { flaw = flaw, text_flaw = text_flaw, deepest = 32, most_elements = 2000 }
