//===- TestSupport.cpp - files and programs for tests ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"

#include "qtcrt/Error.h"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

TemporaryFolder::TemporaryFolder() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "qtcrt-XXXXXX").string();
  if (!mkdtemp(&pattern[0]))
    std::abort();
  path = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

void writeFile(const std::string &path, const Bytes &bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char *>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

void writeFile(const std::string &path, const std::string &text) {
  writeFile(path, Bytes(text.begin(), text.end()));
}

std::string readFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool exists(const std::string &path) { return std::filesystem::exists(path); }

Bytes gzip(const Bytes &bytes) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  Bytes out(deflateBound(&stream, bytes.size()) + 64);
  stream.next_in = const_cast<uint8_t *>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

static void appendBigEndian(Bytes &out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<uint8_t>(value >> shift));
}

Bytes idxImages(uint32_t count, uint32_t rows, uint32_t columns) {
  Bytes out;
  for (uint32_t value : {2051u, count, rows, columns})
    appendBigEndian(out, value);
  for (uint32_t i = 0; i < count * rows * columns; ++i)
    out.push_back(static_cast<uint8_t>(i * 7 + i / 100));
  return out;
}

Bytes idxLabels(uint32_t count, uint32_t classes) {
  Bytes out;
  appendBigEndian(out, 2049);
  appendBigEndian(out, count);
  for (uint32_t i = 0; i < count; ++i)
    out.push_back(static_cast<uint8_t>(i % classes));
  return out;
}

void writeMnist(const std::string &folder, uint32_t train, uint32_t test,
                uint32_t side, const std::string &suffix) {
  std::filesystem::create_directories(folder);
  auto write = [&](const std::string &name, const Bytes &bytes) {
    writeFile(folder + "/" + name + suffix,
              suffix == ".gz" ? gzip(bytes) : bytes);
  };
  write("train-images-idx3-ubyte", idxImages(train, side, side));
  write("train-labels-idx1-ubyte", idxLabels(train, 10));
  write("t10k-images-idx3-ubyte", idxImages(test, side, side));
  write("t10k-labels-idx1-ubyte", idxLabels(test, 10));
}

Bytes npy(const std::string &descr, const std::string &shape,
          const Bytes &elements, bool fortran) {
  std::string header = "{'descr': '" + descr +
                       "', 'fortran_order': " + (fortran ? "True" : "False") +
                       ", 'shape': " + shape + ", }";
  header.resize((header.size() + 11 + 63) / 64 * 64 - 11, ' ');
  header += '\n';
  std::string text = "\x93NUMPY";
  text += '\1';
  text += '\0';
  text += static_cast<char>(header.size() & 255);
  text += static_cast<char>(header.size() >> 8);
  text += header;
  Bytes out(text.begin(), text.end());
  out.insert(out.end(), elements.begin(), elements.end());
  return out;
}

std::vector<int32_t> classesOf(const Bytes &targets) {
  std::vector<int32_t> classes(targets.size() / sizeof(int32_t));
  std::memcpy(classes.data(), targets.data(), targets.size());
  return classes;
}

void setClasses(qtcrt::DataSplit &data, const std::vector<int32_t> &classes) {
  data.targets.resize(1);
  qtcrt::Column &targets = data.targets.front();
  targets.elementBytes = sizeof(int32_t);
  targets.bytes.resize(classes.size() * sizeof(int32_t));
  std::memcpy(targets.bytes.data(), classes.data(), targets.bytes.size());
}

std::string errorOf(const std::function<void()> &action) {
  try {
    action();
  } catch (const qtcrt::Error &error) {
    return error.what();
  }
  return "";
}

Program::Program(const std::vector<std::string> &arguments,
                 const std::function<void()> &prepare, const char *trainer) {
  std::vector<std::string> words = {trainer};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char *> pointers;
  for (std::string &word : words)
    pointers.push_back(&word[0]);
  pointers.push_back(nullptr);
  std::string out = folder / "out", err = folder / "err";
  process = fork();
  if (process != 0)
    return;
  int file = open(out.c_str(), O_WRONLY | O_CREAT, 0666);
  dup2(file, STDOUT_FILENO);
  file = open(err.c_str(), O_WRONLY | O_CREAT, 0666);
  dup2(file, STDERR_FILENO);
  // Files with relative names go with the test.
  if (chdir(folder.path.c_str()) != 0)
    _exit(126);
  if (prepare)
    prepare();
  execv(pointers[0], pointers.data());
  _exit(127);
}

void Program::kill(int signal) const { ::kill(process, signal); }

ProgramResult Program::wait() {
  int status = 0;
  waitpid(process, &status, 0);
  ProgramResult result;
  result.status =
      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = readFile(folder / "out");
  result.err = readFile(folder / "err");
  return result;
}

std::vector<nlohmann::json> readMetrics(const std::string &folder) {
  std::istringstream lines(readFile(folder + "/metrics.jsonl"));
  std::string line;
  std::vector<nlohmann::json> all;
  while (std::getline(lines, line)) {
    all.push_back(nlohmann::json::parse(line));
    all.back().erase("seconds");
    all.back().erase("images_per_second");
  }
  return all;
}

ProgramResult runProgram(const std::vector<std::string> &arguments,
                         const std::function<void()> &prepare) {
  return Program(arguments, prepare).wait();
}
