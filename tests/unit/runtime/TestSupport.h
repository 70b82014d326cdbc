//===- TestSupport.h - files and programs for tests -------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_TESTS_TESTSUPPORT_H
#define QTCRT_TESTS_TESTSUPPORT_H

#include "qtcrt/DataSet.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

/// A folder that is removed with everything in it.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string operator/(const std::string &name) const {
    return path + "/" + name;
  }
  std::string path;
};

using Bytes = std::vector<uint8_t>;

void writeFile(const std::string &path, const Bytes &bytes);
void writeFile(const std::string &path, const std::string &text);
std::string readFile(const std::string &path);
bool exists(const std::string &path);
Bytes gzip(const Bytes &bytes);

/// IDX files: `count` images of side x side, label i % classes.
Bytes idxImages(uint32_t count, uint32_t rows, uint32_t columns);
Bytes idxLabels(uint32_t count, uint32_t classes);
/// The four MNIST files in a new sub-folder.
void writeMnist(const std::string &folder, uint32_t train, uint32_t test,
                uint32_t side, const std::string &suffix = "");

/// A .npy file.
Bytes npy(const std::string &descr, const std::string &shape,
          const Bytes &elements, bool fortran = false);

/// The classes that targets hold, and the inverse.
std::vector<int32_t> classesOf(const Bytes &targets);
void setClasses(qtcrt::DataSplit &data, const std::vector<int32_t> &classes);

/// The bytes of numbers.
template <typename T> Bytes bytesOf(const std::vector<T> &values) {
  const uint8_t *bytes = reinterpret_cast<const uint8_t *>(values.data());
  return {bytes, bytes + values.size() * sizeof(T)};
}

/// The text of the qtcrt::Error that `action` throws, or "".
std::string errorOf(const std::function<void()> &action);

/// The lines of a run's metrics.jsonl, except for their times.
std::vector<nlohmann::json> readMetrics(const std::string &folder);

struct ProgramResult {
  int status = -1; ///< exit status, or 128 + signal
  std::string out, err;
};

/// A running trainer, in a folder of its own.
class Program {
public:
  /// `prepare` runs in the child before exec. `trainer` is the path of the
  /// program.
  explicit Program(const std::vector<std::string> &arguments,
                   const std::function<void()> &prepare = nullptr,
                   const char *trainer = FAKE_TRAINER);
  void kill(int signal) const;
  ProgramResult wait();

private:
  TemporaryFolder folder;
  int process;
};

ProgramResult runProgram(const std::vector<std::string> &arguments,
                         const std::function<void()> &prepare = nullptr);

#endif // QTCRT_TESTS_TESTSUPPORT_H
