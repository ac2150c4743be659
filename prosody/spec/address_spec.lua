local network_of = library("address")

test("an address of IPv4 stands for itself, one of IPv6 for its /64", function()
	for address, network in pairs {
		["192.0.2.1"] = "192.0.2.1",
		["::ffff:192.0.2.1"] = "192.0.2.1",
		["::FFFF:192.0.2.1"] = "192.0.2.1",
		["2001:db8:1:2:3:4:5:6"] = "2001:db8:1:2::/64",
		["2001:0DB8:0001:0002::1"] = "2001:db8:1:2::/64",
		["2001:db8::1"] = "2001:db8:0:0::/64",
		["2001:db8:1:2:3::"] = "2001:db8:1:2::/64",
		["::1"] = "0:0:0:0::/64",
		["::"] = "0:0:0:0::/64",
		["unix:/run/socket"] = "unix:/run/socket",
		[""] = "",
	} do
		same(network_of(address), network, address)
	end
end)
