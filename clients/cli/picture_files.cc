#include "clients/cli/picture_files.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace millrace::cli {
namespace {

namespace fs = std::filesystem;

std::string LowerExtension(const std::string& path) {
  return absl::AsciiStrToLower(fs::path(path).extension().string());
}

bool IsPicture(const std::string& path) {
  constexpr const char* kExtensions[] = {".png",  ".jpg", ".jpeg", ".gif", ".webp",
                                         ".avif", ".jxl", ".bmp",  ".tif", ".tiff"};
  const std::string extension = LowerExtension(path);
  return std::any_of(std::begin(kExtensions), std::end(kExtensions), [&](const char* e) { return extension == e; });
}

bool IsSidecar(const std::string& path) {
  const std::string extension = LowerExtension(path);
  return extension == ".txt" || extension == ".json" || extension == ".caption";
}

// Best first.
std::vector<std::string> SidecarsOf(const std::string& picture) {
  const std::string stem = fs::path(picture).replace_extension().string();
  return {picture + ".json", stem + ".json", picture + ".txt", stem + ".txt", picture + ".caption", stem + ".caption"};
}

bool Contains(const std::vector<std::string>& sorted_paths, const std::string& path) {
  return std::binary_search(sorted_paths.begin(), sorted_paths.end(), path);
}

std::optional<int64_t> SizeOf(const std::string& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? std::nullopt : std::make_optional(static_cast<int64_t>(size));
}

}  // namespace

bool HasSidecars(const std::vector<std::string>& relative_paths) {
  return std::any_of(relative_paths.begin(), relative_paths.end(), [&](const std::string& path) {
    if (!IsPicture(path)) return false;
    const std::vector<std::string> sidecars = SidecarsOf(path);
    return std::any_of(sidecars.begin(), sidecars.end(),
                       [&](const std::string& sidecar) { return Contains(relative_paths, sidecar); });
  });
}

void AddPictures(const std::string& folder, const std::vector<std::string>& relative_paths, InputFiles& found) {
  std::set<std::string> taken, passed_over;
  const auto path_of = [&](const std::string& relative) { return (fs::path(folder) / relative).string(); };
  for (const std::string& relative : relative_paths) {
    if (!IsPicture(relative)) continue;
    // Without a sidecar the file has the picture's own name, by which the server knows.
    InputFile file{"", relative, 0, InputPicture{path_of(relative), relative}};
    for (const std::string& sidecar : SidecarsOf(relative)) {
      if (!Contains(relative_paths, sidecar)) continue;
      if (!file.path.empty()) {
        passed_over.insert(sidecar);
        continue;
      }
      taken.insert(sidecar);
      file.name = sidecar;
      file.path = path_of(sidecar);
      file.size_bytes = SizeOf(file.path);
    }
    found.files.push_back(std::move(file));
  }
  for (const std::string& relative : relative_paths) {
    if (IsPicture(relative) || taken.count(relative) > 0) continue;
    const std::string path = path_of(relative);
    if (IsSidecar(relative) && passed_over.count(relative) == 0) {
      found.files.push_back({path, relative, SizeOf(path), std::nullopt});
    } else {
      found.skipped.push_back(path);
    }
  }
}

}  // namespace millrace::cli
