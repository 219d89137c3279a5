// Question: what is the most that gRPC and a plain socket can carry here, with nobody encoding or decoding anything?
//
//   raw-echo serve                                     sends messages of any size, over gRPC and over a socket
//   raw-echo receive --address A --size N --count M    takes them as gRPC's own bytes, untouched
//   raw-echo receive --plain ...                       the same number of bytes from the socket
//   raw-echo receive --method M --request HEX          any other server-streaming call, say StreamBatches
//
// Prints one line of JSON. bench/peers/ceilings.py runs these beside the Python receivers, in turns.
#include <arpa/inet.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/sync_stream.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace millrace::bench {
namespace {

constexpr char kMethod[] = "/millrace.bench.RawEcho/Stream";

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "raw-echo: %s\n", what.c_str());
  std::exit(1);
}

// What a peer asks for, as text: "SIZE COUNT".
struct Order {
  int64_t size_bytes = 0;
  int64_t count = 0;
};

std::string ToText(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  std::string text;
  if (bytes.Dump(&slices).ok()) {
    for (const grpc::Slice& slice : slices) text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return text;
}

bool Parse(const std::string& text, Order* order) {
  const std::vector<std::string> words = absl::StrSplit(text, ' ');
  return words.size() == 2 && absl::SimpleAtoi(words[0], &order->size_bytes) &&
         absl::SimpleAtoi(words[1], &order->count) && order->size_bytes > 0 && order->size_bytes <= (256 << 20);
}

// Sends the same slice again and again: no byte is written or copied before gRPC has it. The same API as the server's.
class Sender final : public grpc::ServerGenericBidiReactor {
 public:
  Sender() { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    if (!ok || !Parse(ToText(request_), &order_)) {
      Finish(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "expected SIZE COUNT"));
      return;
    }
    const grpc::Slice slice(std::string(static_cast<size_t>(order_.size_bytes), 'x'));
    message_ = grpc::ByteBuffer(&slice, 1);
    OnWriteDone(true);
  }

  void OnWriteDone(bool ok) override {
    if (!ok || order_.count == 0) {
      Finish(grpc::Status::OK);
      return;
    }
    --order_.count;
    StartWrite(&message_);
  }

  void OnDone() override { delete this; }

 private:
  grpc::ByteBuffer request_;
  grpc::ByteBuffer message_;
  Order order_;
};

class Service final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new Sender;
  }
};

int Listen(int* port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, 16) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    Fail("cannot listen");
  }
  *port = ntohs(address.sin_port);
  return fd;
}

// Serves one connection after the other.
void ServePlain(int listener) {
  for (;;) {
    const int fd = accept(listener, nullptr, nullptr);
    if (fd < 0) continue;
    char text[64] = {};
    Order order;
    if (read(fd, text, sizeof text - 1) > 0 && Parse(text, &order)) {
      const std::string message(static_cast<size_t>(order.size_bytes), 'x');
      bool ok = true;
      for (; ok && order.count > 0; --order.count) {
        for (size_t sent = 0; ok && sent < message.size();) {
          const ssize_t n = send(fd, message.data() + sent, message.size() - sent, MSG_NOSIGNAL);
          ok = n > 0;
          if (ok) sent += static_cast<size_t>(n);
        }
      }
    }
    close(fd);
  }
}

int Serve() {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  Service service;
  builder.RegisterCallbackGenericService(&service);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) Fail("cannot start");
  int plain_port = 0;
  const int listener = Listen(&plain_port);
  std::printf("plain 127.0.0.1:%d listening on 127.0.0.1:%d\n", plain_port, port);
  std::fflush(stdout);
  ServePlain(listener);
  return 0;
}

struct Measure {
  int64_t message_count = 0;
  int64_t byte_count = 0;
  double seconds = 0;
};

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

Measure ReceiveGrpc(const std::string& address, const std::string& method, const std::string& request) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  const auto channel = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10))) Fail("no server");
  const grpc::Slice slice(request);
  const grpc::ByteBuffer bytes(&slice, 1);
  grpc::ClientContext context;
  const grpc::internal::RpcMethod rpc(method.c_str(), grpc::internal::RpcMethod::SERVER_STREAMING);
  Measure measure;
  const auto start = Clock::now();
  const std::unique_ptr<grpc::ClientReader<grpc::ByteBuffer>> reader(
      grpc::internal::ClientReaderFactory<grpc::ByteBuffer>::Create(channel.get(), rpc, &context, bytes));
  grpc::ByteBuffer message;
  while (reader->Read(&message)) {
    ++measure.message_count;
    measure.byte_count += static_cast<int64_t>(message.Length());
    message.Clear();
  }
  const grpc::Status status = reader->Finish();
  measure.seconds = SecondsSince(start);
  if (!status.ok()) Fail(absl::StrCat(method, ": ", status.error_message()));
  return measure;
}

Measure ReceivePlain(const std::string& address, const std::string& request, int64_t size_bytes) {
  const std::vector<std::string> parts = absl::StrSplit(address, ':');
  int port = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[1], &port)) Fail("--address takes HOST:PORT");
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, parts[0].c_str(), &target.sin_addr);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&target), sizeof target) != 0) Fail("no server");
  std::string buffer(static_cast<size_t>(size_bytes), '\0');
  Measure measure;
  const auto start = Clock::now();
  if (send(fd, request.data(), request.size(), 0) < 0) Fail("cannot send");
  for (;;) {
    const ssize_t n = recv(fd, buffer.data(), buffer.size(), MSG_WAITALL);
    if (n <= 0) break;
    ++measure.message_count;
    measure.byte_count += n;
  }
  measure.seconds = SecondsSince(start);
  close(fd);
  return measure;
}

int Receive(const std::string& address, bool is_plain, const std::string& method, const std::string& request_hex,
            int64_t size_bytes, int64_t count) {
  const std::string order = absl::StrCat(size_bytes, " ", count);
  const std::string request = request_hex.empty() ? order : absl::HexStringToBytes(request_hex);
  const Measure measure = is_plain ? ReceivePlain(address, order, size_bytes) : ReceiveGrpc(address, method, request);
  if (request_hex.empty() && measure.byte_count != size_bytes * count) Fail("bytes were lost");
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  std::printf("{\"messages\": %" PRId64 ", \"bytes\": %" PRId64 ", \"seconds\": %.6f, \"cpu_seconds\": %.3f}\n",
              measure.message_count, measure.byte_count, measure.seconds,
              seconds(usage.ru_utime) + seconds(usage.ru_stime));
  return 0;
}

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) {
  // As the server sets it: pages stay, instead of going back to the system with every message.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 128 << 20);
  mallopt(M_TOP_PAD, 1 << 20);
  CLI::App app{"Sends and receives messages that nobody encodes: the ceiling of what gRPC and a socket carry."};
  app.require_subcommand(1);
  app.add_subcommand("serve", "Sends, on free ports of the loopback interface, until it is ended");
  CLI::App* receive = app.add_subcommand("receive", "Receives, and prints how long it took");
  std::string address;
  std::string method = millrace::bench::kMethod;
  std::string request_hex;
  bool is_plain = false;
  int64_t size_bytes = 1 << 20;
  int64_t count = 1000;
  receive->add_option("--address", address, "HOST:PORT")->required();
  receive->add_option("--method", method, "The streaming call")->capture_default_str();
  receive->add_option("--request", request_hex, "Its request, in hexadecimal; default: SIZE COUNT");
  receive->add_flag("--plain", is_plain, "From the socket, without gRPC");
  receive->add_option("--size", size_bytes, "Of a message, in bytes")->check(CLI::PositiveNumber);
  receive->add_option("--count", count, "How many messages")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  if (receive->parsed()) return millrace::bench::Receive(address, is_plain, method, request_hex, size_bytes, count);
  return millrace::bench::Serve();
}
