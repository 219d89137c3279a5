#include "server/lifecycle/probe_address.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace millrace {
namespace {

// 0, or errno.
int TryToListen(const addrinfo& address) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  // As gRPC does: a port whose connections are only waiting to expire is free.
  const int on = 1;
  int error = 0;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
      bind(fd, address.ai_addr, address.ai_addrlen) != 0 || listen(fd, 1) != 0) {
    error = errno;
  }
  close(fd);
  return error;
}

std::string Advice(int error) {
  switch (error) {
    case EADDRINUSE:
      return "another program, perhaps another millrace-server, listens there: stop it or take another port "
             "(0 takes a free one)";
    case EADDRNOTAVAIL:
      return "this machine does not have that address";
    case EACCES:
      return "not permitted: take a port above 1023";
    default:
      return std::strerror(error);
  }
}

}  // namespace

absl::Status ProbeAddress(const std::string& host, int port) {
  const std::string shown = absl::StrCat("cannot listen on ", QuoteForMessage(host, 256), " port ", port, ": ");
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), absl::StrCat(port).c_str(), &hints, &found); error != 0) {
    return MakeError(Reason::kConfigInvalid, shown + gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  // Of a name's several addresses gRPC needs only one, but one that is in use means that clients of the name may
  // reach another server.
  int last_error = 0;
  bool any = false;
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    const int error = TryToListen(*address);
    if (error == EADDRINUSE) return MakeError(Reason::kConfigInvalid, shown + Advice(error));
    any = any || error == 0;
    if (error != 0) last_error = error;
  }
  if (any) return absl::OkStatus();
  return MakeError(Reason::kConfigInvalid, shown + Advice(last_error));
}

}  // namespace millrace
