#include "core/base/digest.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace millrace {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

// OpenSSL fails here only when memory has run out or SHA-256 is switched off: neither can be gone on from.
Sha256::Sha256() : state_(std::make_unique<State>()) {
  if (state_->context == nullptr || EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1) std::abort();
}

Sha256::~Sha256() = default;

void Sha256::Update(const void* data, size_t size_bytes) {
  if (EVP_DigestUpdate(state_->context, data, size_bytes) != 1) std::abort();
}

Sha256Bytes Sha256::Finish() {
  Sha256Bytes bytes;
  if (EVP_DigestFinal_ex(state_->context, bytes.data(), nullptr) != 1) std::abort();
  return bytes;
}

Sha256Bytes Sha256Of(std::string_view bytes) {
  Sha256 hash;
  hash.Update(bytes.data(), bytes.size());
  return hash.Finish();
}

bool IsHexDigest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace millrace
