// Which addresses a server may be sent to by somebody else's word.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr;

namespace millrace {

// IPv4 in the first 4 bytes, or IPv6; network order.
struct IpAddress {
  bool is_v6 = false;
  std::array<uint8_t, 16> bytes{};

  std::string ToString() const;
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

// Dotted decimal or IPv6 without brackets and zone; nothing for anything else.
std::optional<IpAddress> ParseIpAddress(std::string_view text);
// Nothing for families other than IPv4 and IPv6.
std::optional<IpAddress> IpAddressOf(const sockaddr& address);

// True for addresses of the public internet. False for those of this machine and its networks (loopback, private,
// shared, link-local, unique-local), for multicast, and for whatever is reserved, documentation, or holds an IPv4
// address inside (mapped, compatible, 6to4, Teredo), but for NAT64's well-known prefix: there the IPv4 address is
// judged.
bool IsPublicAddress(const IpAddress& address);

}  // namespace millrace
