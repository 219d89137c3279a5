#include "clients/cli/picture_facts.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <limits>

namespace millrace::cli {
namespace {

// A JPEG's dimensions stand behind its metadata, mostly within this.
constexpr size_t kStartSizeBytes = 64 << 10;

uint32_t Byte(std::string_view bytes, size_t i) { return static_cast<unsigned char>(bytes[i]); }
uint32_t Big16(std::string_view bytes, size_t i) { return Byte(bytes, i) << 8 | Byte(bytes, i + 1); }
uint32_t Big32(std::string_view bytes, size_t i) { return Big16(bytes, i) << 16 | Big16(bytes, i + 2); }
uint32_t Little16(std::string_view bytes, size_t i) { return Byte(bytes, i) | Byte(bytes, i + 1) << 8; }
uint32_t Little24(std::string_view bytes, size_t i) { return Little16(bytes, i) | Byte(bytes, i + 2) << 16; }

void Set(uint32_t width, uint32_t height, v1::Picture* message) {
  constexpr uint32_t kMax = std::numeric_limits<int32_t>::max();
  if (width == 0 || height == 0 || width > kMax || height > kMax) return;
  message->set_width_px(static_cast<int32_t>(width));
  message->set_height_px(static_cast<int32_t>(height));
}

// Goes from segment to segment to the frame's header.
void SetFromJpeg(std::string_view bytes, v1::Picture* message) {
  size_t place = 2;
  while (place + 9 <= bytes.size() && Byte(bytes, place) == 0xFF) {
    const uint32_t marker = Byte(bytes, place + 1);
    if (marker == 0xFF) {  // padding
      ++place;
      continue;
    }
    const bool is_frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (is_frame) return Set(Big16(bytes, place + 7), Big16(bytes, place + 5), message);
    if (marker == 0xDA || marker == 0xD9) return;
    place += 2 + Big16(bytes, place + 2);
  }
}

void SetFromWebp(std::string_view bytes, v1::Picture* message) {
  if (bytes.size() < 30) return;
  const std::string_view chunk = bytes.substr(12, 4);
  if (chunk == "VP8 " && bytes.substr(23, 3) == "\x9D\x01\x2A") {
    Set(Little16(bytes, 26) & 0x3FFF, Little16(bytes, 28) & 0x3FFF, message);
  } else if (chunk == "VP8L" && Byte(bytes, 20) == 0x2F) {
    const uint32_t bits = Little24(bytes, 21) | Byte(bytes, 24) << 24;
    Set((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, message);
  } else if (chunk == "VP8X") {
    Set(Little24(bytes, 24) + 1, Little24(bytes, 27) + 1, message);
  }
}

size_t ReadUpTo(int fd, size_t size_bytes, std::string* bytes) {
  bytes->resize(size_bytes);
  size_t filled = 0;
  while (filled < size_bytes) {
    const ssize_t got = read(fd, bytes->data() + filled, size_bytes - filled);
    if (got <= 0) break;
    filled += static_cast<size_t>(got);
  }
  bytes->resize(filled);
  return filled;
}

void SetMd5(int fd, v1::Picture* message) {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  std::string piece, digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  bool is_good = lseek(fd, 0, SEEK_SET) == 0 && EVP_DigestInit_ex(context, EVP_md5(), nullptr) == 1;
  while (is_good && ReadUpTo(fd, 1 << 20, &piece) > 0) {
    is_good = EVP_DigestUpdate(context, piece.data(), piece.size()) == 1;
  }
  if (is_good && EVP_DigestFinal_ex(context, reinterpret_cast<unsigned char*>(digest.data()), &size) == 1) {
    digest.resize(size);
    message->set_md5(digest);
  }
  EVP_MD_CTX_free(context);
}

}  // namespace

void SetDimensions(std::string_view start, v1::Picture* message) {
  constexpr std::string_view kPng = "\x89PNG\r\n\x1A\n";
  if (start.starts_with(kPng) && start.size() >= 24) {
    Set(Big32(start, 16), Big32(start, 20), message);
  } else if (start.starts_with("\xFF\xD8")) {
    SetFromJpeg(start, message);
  } else if ((start.starts_with("GIF87a") || start.starts_with("GIF89a")) && start.size() >= 10) {
    Set(Little16(start, 6), Little16(start, 8), message);
  } else if (start.size() >= 12 && start.starts_with("RIFF") && start.substr(8, 4) == "WEBP") {
    SetFromWebp(start, message);
  }
}

void DescribePicture(const InputPicture& picture, bool with_md5, v1::Picture* message) {
  message->set_name(picture.name);
  const int fd = open(picture.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  struct stat facts {};
  if (fstat(fd, &facts) == 0) message->set_size_bytes(facts.st_size);
  std::string start;
  ReadUpTo(fd, kStartSizeBytes, &start);
  SetDimensions(start, message);
  if (with_md5) SetMd5(fd, message);
  close(fd);
}

}  // namespace millrace::cli
