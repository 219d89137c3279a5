// SHA-256, the digest that names snapshots and plans. Bytes in, 64 lower-case hexadecimal digits out.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace millrace {

using Sha256Bytes = std::array<uint8_t, 32>;

// SHA-256 (FIPS 180-4) over bytes that come in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(const void* data, size_t size_bytes);
  // The digest of everything given. Call once; the object is spent afterwards.
  Sha256Bytes Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Sha256Bytes Sha256Of(std::string_view bytes);

// True for exactly 64 lower-case hexadecimal digits.
bool IsHexDigest(std::string_view text);

}  // namespace millrace
