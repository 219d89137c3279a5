#include "core/fetch/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace millrace {
namespace {

struct Prefix {
  std::array<uint8_t, 6> bytes;  // what is behind them is zero in every prefix here
  int length_bits;
};

// IANA's special-purpose registry, as of RFC 6890 and its updates.
constexpr Prefix kNotPublicV4[] = {
    {{0}, 8},              // this network
    {{10}, 8},             // private
    {{100, 64}, 10},       // shared by carriers
    {{127}, 8},            // loopback
    {{169, 254}, 16},      // link-local, and the metadata services of clouds
    {{172, 16}, 12},       // private
    {{192, 0, 0}, 24},     // protocol assignments
    {{192, 0, 2}, 24},     // documentation
    {{192, 88, 99}, 24},   // 6to4 relays
    {{192, 168}, 16},      // private
    {{198, 18}, 15},       // benchmarks
    {{198, 51, 100}, 24},  // documentation
    {{203, 0, 113}, 24},   // documentation
    {{224}, 4},            // multicast
    {{240}, 4},            // reserved, and broadcast
};
// Of IPv6 only 2000::/3 is handed out; these parts of it are not for hosts.
constexpr Prefix kGlobalV6 = {{0x20}, 3};
constexpr Prefix kNotPublicV6[] = {
    {{0x20, 0x01}, 23},              // protocol assignments, with Teredo
    {{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    {{0x20, 0x02}, 16},              // 6to4: holds an IPv4 address
    {{0x3f, 0xff}, 20},              // documentation
};
// NAT64's well-known prefix: 64:ff9b::/96.
constexpr std::array<uint8_t, 12> kNat64 = {0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};

bool HasPrefix(const IpAddress& address, const Prefix& prefix) {
  for (int bit = 0; bit < prefix.length_bits; ++bit) {
    const size_t byte = static_cast<size_t>(bit / 8);
    const int shift = 7 - bit % 8;
    const int wanted = byte < prefix.bytes.size() ? prefix.bytes[byte] >> shift & 1 : 0;
    if ((address.bytes[byte] >> shift & 1) != wanted) return false;
  }
  return true;
}

template <size_t N>
bool HasAnyPrefix(const IpAddress& address, const Prefix (&prefixes)[N]) {
  return std::any_of(std::begin(prefixes), std::end(prefixes),
                     [&](const Prefix& prefix) { return HasPrefix(address, prefix); });
}

}  // namespace

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(is_v6 ? AF_INET6 : AF_INET, bytes.data(), text, sizeof text) != nullptr ? text : "?";
}

std::optional<IpAddress> ParseIpAddress(std::string_view text) {
  const std::string terminated(text);
  IpAddress address;
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) return address;
  address.is_v6 = true;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::optional<IpAddress> IpAddressOf(const sockaddr& address) {
  IpAddress result;
  if (address.sa_family == AF_INET) {
    std::memcpy(result.bytes.data(), &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
    return result;
  }
  if (address.sa_family != AF_INET6) return std::nullopt;
  result.is_v6 = true;
  std::memcpy(result.bytes.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, 16);
  return result;
}

bool IsPublicAddress(const IpAddress& address) {
  if (!address.is_v6) return !HasAnyPrefix(address, kNotPublicV4);
  if (std::equal(kNat64.begin(), kNat64.end(), address.bytes.begin())) {
    IpAddress inner;
    std::copy(address.bytes.begin() + 12, address.bytes.end(), inner.bytes.begin());
    return IsPublicAddress(inner);
  }
  return HasPrefix(address, kGlobalV6) && !HasAnyPrefix(address, kNotPublicV6);
}

}  // namespace millrace
