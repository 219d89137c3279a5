// The address a server listens on.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace {

struct ListenAddress {
  std::string host;  // an IPv4 address, an IPv6 address without brackets, or a name
  int port = 0;      // 0: any free one
  // Whether only programs on this machine can reach it. A name other than "localhost" counts as reachable from
  // elsewhere, whatever it resolves to today.
  bool is_loopback = false;

  // "127.0.0.1:50051", "[::1]:50051": as gRPC takes it.
  std::string ToString() const;
};

// Reads HOST:PORT or [IPV6]:PORT; nothing when the text is neither.
std::optional<ListenAddress> ParseListenAddress(std::string_view text);

}  // namespace millrace
