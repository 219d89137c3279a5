// What tells the source formats apart: one function each, over the first bytes of a file. Each says yes only
// when it is sure: an import takes a format by itself only when one function says yes and all others no. A post of
// Danbooru's by itself that may be of its export or of today's pages, where `s` means another rating, has two.
#pragma once

#include <cstddef>
#include <string_view>

namespace millrace {

// As many of a file's first bytes, decompressed, are looked at; and as many at most where its first record is longer
// than that, which is as long as a record may be.
inline constexpr size_t kRecogniseSizeBytes = 64 << 10;
inline constexpr size_t kRecogniseSizeBytesMax = 16 << 20;

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

// Whether the file may be read as the format all the same when another one recognises it: nothing within the bytes
// would be lost. For a format that was named, which recognition must not overrule.
bool CouldBeDanbooruJsonl(std::string_view start);
bool CouldBeDanbooruExport(std::string_view start);
bool CouldBeDanbooruPages(std::string_view start);
bool CouldBeE621Pages(std::string_view start);
bool CouldBeMoebooruPages(std::string_view start);
bool CouldBeGelbooruPages(std::string_view start);

// Whether the bytes are records of JSON that stand by themselves and have no tags, as posts have of which their board
// tells little: what recognises them has little to go by.
bool TellsNoTags(std::string_view start);
// Whether the bytes are one JSON list of what danbooru-export has a line each, beside its posts: as the boards' APIs
// answer for tags, pools, artists and relations.
bool IsDanbooruListInBrackets(std::string_view bytes);
// Whether the bytes are JSON that ends before its first record does: more of them may tell more.
bool EndsWithinFirstRecord(std::string_view start);

}  // namespace millrace
