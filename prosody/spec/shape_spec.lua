local shape = library("shape")
local flaw = shape.flaw

local function nested(depth)
	local element = { tags = {} }
	for _ = 2, depth do element = { tags = { element } } end
	return element
end

local function wide(count)
	local tags = {}
	for index = 1, count - 1 do tags[index] = { tags = {} } end
	return { tags = tags }
end

test("an element may be so deep, and no deeper", function()
	same(flaw(nested(1), 32, 2000), nil)
	same(flaw(nested(32), 32, 2000), nil)
	same(flaw(nested(33), 32, 2000), "A stanza may be nested 32 deep")
	same(flaw(nested(300000), 32, 2000), "A stanza may be nested 32 deep")
end)

test("an element may have so many in it, and no more", function()
	same(flaw(wide(2000), 32, 2000), nil)
	same(flaw(wide(2001), 32, 2000), "A stanza may have 2000 elements")
	same(flaw({ tags = { wide(1500), wide(499) } }, 32, 2000), nil)
	same(flaw({ tags = { wide(1500), wide(500) } }, 32, 2000), "A stanza may have 2000 elements")
end)

test("a text's elements are counted without parsing it", function()
	same(shape.text_flaw(("<a/>"):rep(10), 10), nil)
	same(shape.text_flaw("<a>" .. ("<b></b>"):rep(10) .. "</a>", 10), "A stanza may have 10 elements")
	same(shape.text_flaw("<a>x &lt; y</a>", 1), nil)
	same(shape.text_flaw("", 0), nil)
end)
