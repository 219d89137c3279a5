// What a picture's file tells of it without being decoded.
#pragma once

#include <string>
#include <string_view>

#include "clients/cli/import_files.h"
#include "millrace/v1/import_service.pb.h"

namespace millrace::cli {

// Sets name and size, the dimensions when the file's first bytes tell them, and, if asked for, the MD5 of the whole
// file. A file that cannot be read has its name only: what is wrong with pictures is found when they are used.
void DescribePicture(const InputPicture& picture, bool with_md5, v1::Picture* message);

// Sets the dimensions of a PNG, JPEG, GIF or WebP picture of which `start` is the beginning, as stored (before any
// rotation); leaves them when it is none of these or `start` does not reach.
void SetDimensions(std::string_view start, v1::Picture* message);

}  // namespace millrace::cli
