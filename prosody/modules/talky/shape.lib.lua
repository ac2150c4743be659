-- How deep and how large an element is, as far as that matters. Uses only the plain field `tags`. Recursion would
-- be as deep as what it looks at.

-- Returns what is wrong with an element that is nested deeper than `deepest` (1: it has no children), or has more
-- than `most` elements in it; nil of one that is fine.
local function flaw(element, deepest, most)
	local level, depth, count = { element }, 0, 0
	while #level > 0 do
		depth = depth + 1
		count = count + #level
		if depth > deepest then return ("A stanza may be nested %d deep"):format(deepest) end
		if count > most then return ("A stanza may have %d elements"):format(most) end
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

return { flaw = flaw }
