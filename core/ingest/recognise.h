// What tells the source formats apart: one function each, over the first bytes of a file. Each says yes only
// when it is sure: an import takes a format by itself only when one function says yes and all others no.
#pragma once

#include <cstddef>
#include <string_view>

namespace millrace {

// As many of a file's first bytes, decompressed, are looked at.
inline constexpr size_t kRecogniseSizeBytes = 64 << 10;

// `start`: the first bytes, kRecogniseSizeBytes or the whole file when it is shorter. A longer file may be shown by
// fewer: then an answer may be no where it would have been yes.
bool RecogniseDanbooruJsonl(std::string_view start);
bool RecogniseDanbooruMetaSqlite(std::string_view start);
bool RecogniseDanbooruExport(std::string_view start);
bool RecogniseDanbooruPages(std::string_view start);
bool RecogniseDanbooru2023Sqlite(std::string_view start);
bool RecogniseE621Csv(std::string_view start);
bool RecogniseE621Pages(std::string_view start);
bool RecogniseMoebooruPages(std::string_view start);
bool RecogniseGelbooruPages(std::string_view start);
// Never: a sidecar may hold any text. The client, which sees the pictures, names the format.
bool RecognisePictureFolder(std::string_view start);

}  // namespace millrace
