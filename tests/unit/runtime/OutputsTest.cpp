//===- OutputsTest.cpp - data for several outputs -------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"
#include "qtcrt/DataSet.h"
#include "qtcrt/Loader.h"
#include "qtcrt/StateHash.h"

#include <cstring>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace qtcrt;

namespace {

/// Three examples of two numbers, with a class of three, one of five and a
/// number to learn.
class Outputs : public testing::Test {
protected:
  Outputs() {
    request.inputs[0] = {"x", {2, 1, 1}, QTCRT_ENCODING_NUMBER};
    request.targets = {{"a", {1, 1, 1}, QTCRT_ENCODING_CLASS, 3},
                       {"b/c", {1, 1, 1}, QTCRT_ENCODING_CLASS, 5},
                       {"z", {1, 1, 1}, QTCRT_ENCODING_NUMBER}};
    for (const char *split : {"train", "test"}) {
      std::string name = split;
      save(name + "_x",
           npy("<f4", "(3, 2)", bytesOf<float>({1, 2, 3, 4, 5, 6})));
      save(name + "_y_a", npy("<i8", "(3,)", bytesOf<int64_t>({0, 2, 1})));
      save(name + "_y_b_c", npy("<i8", "(3,)", bytesOf<int64_t>({4, 3, 0})));
      save(name + "_y_z", npy("<f4", "(3,)", bytesOf<float>({0.5, 7, -1})));
    }
  }
  void save(const std::string &name, const Bytes &bytes) {
    writeFile(folder / (name + ".npy"), bytes);
  }
  void remove(const std::string &name) {
    unlink((folder / (name + ".npy")).c_str());
  }
  DataSet load() { return loadDataSet("npy:" + folder.path, request); }
  void expectError(const std::vector<std::string> &parts) {
    std::string text = errorOf([&] { load(); });
    EXPECT_NE(text, "");
    for (const std::string &part : parts)
      EXPECT_NE(text.find(part), std::string::npos) << text << " / " << part;
  }
  TemporaryFolder folder;
  DataRequest request;
};

const std::vector<int32_t> ofA = {0, 2, 1}, ofB = {4, 3, 0};

} // namespace

TEST_F(Outputs, HaveAFileEach) {
  DataSplit test = load().test;
  ASSERT_EQ(test.targets.size(), 3u);
  EXPECT_EQ(test.count(), 3u);
  EXPECT_EQ(classesOf(test.targets[0].bytes), ofA);
  EXPECT_EQ(classesOf(test.targets[1].bytes), ofB);
  float number;
  std::memcpy(&number, test.targets[2].example(1), sizeof(number));
  EXPECT_EQ(number, 7);
}

TEST_F(Outputs, ShareTheFileOfAll) {
  for (const char *split : {"train", "test"}) {
    std::string name = split;
    remove(name + "_y_b_c");
    save(name + "_y", npy("<i8", "(3,)", bytesOf<int64_t>({1, 1, 2})));
  }
  DataSplit train = load().train;
  EXPECT_EQ(classesOf(train.targets[0].bytes), ofA);
  EXPECT_EQ(classesOf(train.targets[1].bytes), (std::vector<int32_t>{1, 1, 2}));
}

TEST_F(Outputs, AnOnlyOneMayHaveAFileOfItsOwn) {
  request.targets.erase(request.targets.begin());
  request.targets.pop_back();
  EXPECT_EQ(classesOf(load().test.targets[0].bytes), ofB);
  save("test_y", npy("<i8", "(3,)", bytesOf<int64_t>({1, 1, 2})));
  EXPECT_EQ(classesOf(load().test.targets[0].bytes),
            (std::vector<int32_t>{1, 1, 2}));
}

TEST_F(Outputs, EveryOneIsPartOfBatchAndHash) {
  DataSet data = load();
  LoaderOptions options;
  options.batch = 2;
  options.shuffle = false;
  Loader loader(data.train, options, 0, 0);
  const Batch &batch = loader.next();
  ASSERT_EQ(batch.targets.size(), 3u);
  int32_t label;
  std::memcpy(&label, batch.targets[1].data() + 4, sizeof(label));
  EXPECT_EQ(label, 3);
  save("train_y_z", npy("<f4", "(3,)", bytesOf<float>({0.5, 7, -2})));
  EXPECT_NE(hashData(load().train), hashData(data.train));
}

TEST_F(Outputs, AreLimitedTogether) {
  request.limit = 2;
  for (const Column &target : load().train.targets)
    EXPECT_EQ(target.count(), 2u);
}

TEST_F(Outputs, WrongFilesAreNamed) {
  save("test_y_b_c", npy("<i8", "(3,)", bytesOf<int64_t>({4, 5, 0})));
  expectError({"test_y_b_c.npy'", "label 5", "(0 to 4)"});
  save("test_y_b_c", npy("<i8", "(2,)", bytesOf<int64_t>({4, 4})));
  expectError({"test_x.npy' has 3", "test_y_b_c.npy' has 2 labels"});
  remove("test_y_b_c");
  expectError(
      {"found neither 'test_y_b_c.npy' nor 'test_y.npy'", "for output 'b/c'"});
  request.targets[0].name = "b.c";
  request.targets[1].name = "b.c";
  expectError({"two outputs", "'train_y_b.c.npy'"});
}

TEST_F(Outputs, LearnTheClassesOfImages) {
  request.inputs[0] = {"x", {1, 8, 8}, QTCRT_ENCODING_PIXEL};
  request.train = false;
  request.targets.pop_back();
  for (ColumnRequest &target : request.targets)
    target.classes = 12;
  DataSplit test = loadDataSet("synthetic:digits", request).test;
  ASSERT_EQ(test.targets.size(), 2u);
  EXPECT_EQ(test.targets[0].bytes, test.targets[1].bytes);
  EXPECT_EQ(test.targets[1].count(), test.inputs[0].count());
  request.targets[1].classes = 9;
  std::string text = errorOf([&] { loadDataSet("synthetic:digits", request); });
  EXPECT_NE(text.find("the model has only 9"), std::string::npos) << text;
}
