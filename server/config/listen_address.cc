#include "server/config/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

namespace millrace {
namespace {

std::optional<int> ParsePort(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 0 || port > 65535) {
    return std::nullopt;
  }
  return port;
}

// Written out rather than <cctype>'s: those depend on the locale.
bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

bool IsLoopbackV6(const in6_addr& address) {
  if (IN6_IS_ADDR_LOOPBACK(&address)) return true;
  return IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == 127;
}

std::optional<ListenAddress> ParseBracketed(std::string_view text) {
  const size_t close = text.find("]:");
  if (close == std::string_view::npos) return std::nullopt;
  ListenAddress address;
  address.host = std::string(text.substr(1, close - 1));
  in6_addr parsed;
  const std::optional<int> port = ParsePort(text.substr(close + 2));
  if (!port.has_value() || inet_pton(AF_INET6, address.host.c_str(), &parsed) != 1) return std::nullopt;
  address.port = *port;
  address.is_loopback = IsLoopbackV6(parsed);
  return address;
}

}  // namespace

std::string ListenAddress::ToString() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<ListenAddress> ParseListenAddress(std::string_view text) {
  if (text.starts_with('[')) return ParseBracketed(text);
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  ListenAddress address;
  address.host = std::string(text.substr(0, colon));
  const std::optional<int> port = ParsePort(text.substr(colon + 1));
  if (!port.has_value() || !std::all_of(address.host.begin(), address.host.end(), IsNameCharacter)) {
    return std::nullopt;
  }
  address.port = *port;
  in_addr parsed;
  if (inet_pton(AF_INET, address.host.c_str(), &parsed) == 1) {
    address.is_loopback = ntohl(parsed.s_addr) >> 24 == 127;
  } else {
    address.is_loopback = address.host == "localhost";
  }
  return address;
}

}  // namespace millrace
