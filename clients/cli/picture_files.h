// Folders of pictures with sidecars.
#pragma once

#include <string>
#include <vector>

#include "clients/cli/import_files.h"

namespace millrace::cli {

// Whether a picture among the paths, sorted, has a sidecar among them.
bool HasSidecars(const std::vector<std::string>& relative_paths);

// Adds a file for each picture among the paths, and for each sidecar without one. A picture's sidecar is the first that
// is there of x.png.json, x.json, x.png.txt, x.txt, x.png.caption and x.caption; pictures whose names differ in their
// extensions share x.txt. Other files, and sidecars of a picture that has a better one, go to found.skipped.
// `relative_paths` are sorted, which is the order to send in. The Python package does the same (_pictures.py).
void AddPictures(const std::string& folder, const std::vector<std::string>& relative_paths, InputFiles& found);

}  // namespace millrace::cli
