//===- TuneFile.h - Measured schedules as a file ----------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A file of `--tune-file`: the schedules of contractions that were the fastest
// on a GPU. It describes shapes rather than a model, so it serves for any
// model.
//
//   {"device": "NVIDIA H100 80GB HBM3", "code": "sm_90",
//    "schedules": {"4096x64x36": "128x64/64x32/1"}}
//
// `code` is the target of the measured code, `sm_80` or `sm_90a`.
// Shapes and schedules are spelled as in compiler/Target/CUDA/TileSchedule.h.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TOOLS_QTC_TUNE_FILE_H
#define QTC_TOOLS_QTC_TUNE_FILE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <map>
#include <string>
#include <vector>

namespace qtc::tools {

struct TunedSchedules {
  /// The GPU's name.
  std::string device;
  std::string code;
  /// The schedules by shape.
  std::map<std::string, std::string> schedules;

  /// The schedules in the form of the compiler, see cuda::TileChoices.
  std::vector<std::string> getEntries() const;
};

llvm::Error writeTuneFile(llvm::StringRef path, const TunedSchedules &tuned);

/// Fails if the file cannot be read or is of another kind.
llvm::Expected<TunedSchedules> readTuneFile(llvm::StringRef path);

} // namespace qtc::tools

#endif // QTC_TOOLS_QTC_TUNE_FILE_H
