// Goal: the dimensions of pictures are told from their first bytes, and no bytes whatever read beyond them. Method:
// headers written by hand after the formats' specifications, cut off anywhere.
#include "clients/cli/picture_facts.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "tests/support/catch.h"

namespace millrace::cli {
namespace {

using namespace std::string_literals;

const std::string kPng = "\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\x02\x80\0\0\x01\xE0\x08\x06"s;
const std::string kGif = "GIF89a\x80\x02\xE0\x01\xF7\0\0"s;
// Metadata, padding, a Huffman table, then a progressive frame.
const std::string kJpeg =
    "\xFF\xD8\xFF\xE0\0\x06\xFF\xC0"
    "ab\xFF\xFF\xC4\0\x03x\xFF\xC2\0\x11\x08\x01\xE0\x02\x80\x03"s;
const std::string kWebpLossy = "RIFF\x10\0\0\0WEBPVP8 \x10\0\0\0\x30\x01\0\x9D\x01\x2A\x80\x02\xE0\x41"s;
const std::string kWebpExtended = "RIFF\x10\0\0\0WEBPVP8X\x0A\0\0\0\0\0\0\0\x7F\x02\0\xDF\x01\0"s;
// 14 bits of 639, then 14 bits of 479.
const std::string kWebpLossless = "RIFF\x10\0\0\0WEBPVP8L\x0A\0\0\0\x2F\x7F\xC2\x77\0\0\0\0\0\0"s;

TEST_CASE("each format's header gives width and height") {
  for (const std::string& start : {kPng, kGif, kJpeg, kWebpLossy, kWebpExtended, kWebpLossless}) {
    INFO(start.substr(0, 16));
    v1::Picture picture;
    SetDimensions(start, &picture);
    CHECK(picture.width_px() == 640);
    CHECK(picture.height_px() == 480);
  }
}

TEST_CASE("what is cut off, damaged or something else has no dimensions, or plausible ones") {
  std::mt19937 random(5);
  for (const std::string& whole : {kPng, kGif, kJpeg, kWebpLossy, kWebpExtended, kWebpLossless}) {
    for (size_t size = 0; size < whole.size(); ++size) {
      v1::Picture picture;
      SetDimensions(std::string(whole, 0, size), &picture);
      CHECK((picture.width_px() == 0 || picture.width_px() == 640));
    }
    for (int round = 0; round < 2000; ++round) {
      std::string bad = whole;
      for (int i = 0; i < 3; ++i) bad[random() % bad.size()] = static_cast<char>(random());
      v1::Picture picture;
      SetDimensions(bad, &picture);
      CHECK(picture.has_width_px() == picture.has_height_px());
      CHECK((!picture.has_width_px() || picture.width_px() > 0));
    }
  }
  v1::Picture other;
  SetDimensions("no picture at all", &other);
  CHECK_FALSE(other.has_width_px());
}

TEST_CASE("a picture's file gives its size and, when asked, its MD5") {
  const std::string path = std::filesystem::temp_directory_path() / "millrace-picture-facts-test.png";
  std::ofstream(path, std::ios::binary) << kPng;
  v1::Picture picture;
  DescribePicture({path, "set/1.png"}, /*with_md5=*/false, &picture);
  CHECK(picture.name() == "set/1.png");
  CHECK(picture.size_bytes() == static_cast<int64_t>(kPng.size()));
  CHECK(picture.width_px() == 640);
  CHECK(picture.md5().empty());
  std::ofstream(path, std::ios::binary) << "abc";
  DescribePicture({path, "1.png"}, /*with_md5=*/true, &picture);
  CHECK(picture.md5() == "\x90\x01\x50\x98\x3C\xD2\x4F\xB0\xD6\x96\x3F\x7D\x28\xE1\x7F\x72");  // RFC 1321
  std::filesystem::remove(path);
  v1::Picture missing;
  DescribePicture({path, "1.png"}, true, &missing);
  CHECK_FALSE(missing.has_size_bytes());
}

}  // namespace
}  // namespace millrace::cli
