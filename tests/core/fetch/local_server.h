// An HTTP server for tests, on a free port of 127.0.0.1: one connection after the other, each gets the bytes that the
// handler makes of its request, and is closed.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace millrace {

class LocalServer {
 public:
  using Handler = std::function<std::string(const std::string& request)>;

  explicit LocalServer(Handler handler);
  ~LocalServer();

  int port() const { return port_; }

 private:
  void Run();

  const Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace millrace
