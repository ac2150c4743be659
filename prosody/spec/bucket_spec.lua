local buckets = library("bucket")

test("a budget is spent, goes into debt, and fills with time", function()
	local bucket = buckets.new(10, 20)
	for _ = 1, 20 do same(bucket:take(1, 100), 0) end
	same(bucket:take(5, 100), 0.5)
	same(bucket:left(100.3), -2.0)
	same(bucket:take(0, 100.5), 0)
	same(bucket:left(200), 20)
end)

test("a clock that goes back gives nothing, and one that jumps no more than there is at most", function()
	local bucket = buckets.new(10, 20)
	bucket:take(20, 100)
	same(bucket:left(50) + 0.0, 0.0)
	same(bucket:left(51) + 0.0, 10.0)
	same(bucket:left(1e9), 20)
end)
