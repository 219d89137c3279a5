// Which addresses a server may be sent to: a table with both ends of every refused range.
#include "core/fetch/ip_address.h"

#include "tests/support/catch.h"

namespace millrace {
namespace {

bool IsPublic(const char* text) {
  INFO(text);
  const std::optional<IpAddress> address = ParseIpAddress(text);
  REQUIRE(address.has_value());
  return IsPublicAddress(*address);
}

TEST_CASE("addresses of the public internet are allowed") {
  for (const char* const text :
       {"1.0.0.0",         "1.1.1.1",    "9.255.255.255",   "11.0.0.0",        "100.63.255.255",  "100.128.0.0",
        "126.255.255.255", "128.0.0.0",  "169.253.255.255", "169.255.0.0",     "172.15.255.255",  "172.32.0.0",
        "192.0.1.0",       "192.0.3.0",  "192.88.98.255",   "192.88.100.0",    "192.167.255.255", "192.169.0.0",
        "198.17.255.255",  "198.20.0.0", "198.51.99.255",   "198.51.101.0",    "203.0.112.255",   "203.0.114.0",
        "223.255.255.255", "2600::1",    "2606:4700::1111", "2a00:1450::1",    "2001:200::1",     "2001:4860::8888",
        "2003::1",         "3ffe::1",    "3fff:1000::1",    "64:ff9b::1.1.1.1"}) {
    CHECK(IsPublic(text));
  }
}

TEST_CASE("addresses of this machine, its networks, and what is reserved are refused") {
  for (const char* const text :
       {"0.0.0.0",     "0.255.255.255",  "10.0.0.0",        "10.255.255.255", "100.64.0.0",      "100.127.255.255",
        "127.0.0.0",   "127.0.0.1",      "127.255.255.255", "169.254.0.0",    "169.254.169.254", "169.254.255.255",
        "172.16.0.0",  "172.31.255.255", "192.0.0.0",       "192.0.0.255",    "192.0.2.0",       "192.0.2.255",
        "192.88.99.1", "192.168.0.0",    "192.168.255.255", "198.18.0.0",     "198.19.255.255",  "198.51.100.7",
        "203.0.113.7", "224.0.0.0",      "239.255.255.255", "240.0.0.0",      "255.255.255.255"}) {
    CHECK_FALSE(IsPublic(text));
  }
}

TEST_CASE("IPv6 addresses that are not global, or hold an IPv4 address, are refused") {
  for (const char* const text : {"::",
                                 "::1",
                                 "::127.0.0.1",
                                 "::ffff:127.0.0.1",
                                 "::ffff:10.0.0.1",
                                 "::ffff:1.1.1.1",
                                 "::ffff:0:1.1.1.1",
                                 "64:ff9b::127.0.0.1",
                                 "64:ff9b::10.1.2.3",
                                 "64:ff9b:1::1",
                                 "100::1",
                                 "2001::1",
                                 "2001:0:4136:e378::",
                                 "2001:1ff:ffff::",
                                 "2001:db8::1",
                                 "2002::1",
                                 "2002:7f00:1::",
                                 "3fff::1",
                                 "3fff:fff:ffff::",
                                 "5f00::1",
                                 "fc00::1",
                                 "fdff:ffff::1",
                                 "fe80::1",
                                 "febf::1",
                                 "fec0::1",
                                 "ff00::",
                                 "ff02::1",
                                 "ffff::"}) {
    CHECK_FALSE(IsPublic(text));
  }
}

TEST_CASE("addresses are shown as they are read") {
  for (const char* const text : {"1.2.3.4", "2606:4700::1111", "::1"}) CHECK(ParseIpAddress(text)->ToString() == text);
  for (const char* const text : {"", "1.2.3", "1.2.3.4.5", "0x7f.1", "[::1]", "fe80::1%eth0", "host"}) {
    CHECK_FALSE(ParseIpAddress(text).has_value());
  }
}

}  // namespace
}  // namespace millrace
