//===- InputsTest.cpp - data for models with several inputs ---------------===//
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

using namespace qtcrt;

namespace {

/// Three examples of an image of 1x1x2 pixels, two indices and one number, with
/// a class for each of two positions.
class Inputs : public testing::Test {
protected:
  Inputs() {
    request.inputs.resize(3);
    request.inputs[0] = {"image", {1, 1, 2}, QTCRT_ENCODING_PIXEL};
    request.inputs[1] = {"a/b", {2, 1, 1}, QTCRT_ENCODING_CLASS, 5};
    request.inputs[2] = {"number", {1, 1, 1}, QTCRT_ENCODING_NUMBER};
    request.targets[0] = {"y", {2, 1, 1}, QTCRT_ENCODING_CLASS, 3};
    for (const char *split : {"train", "test"}) {
      std::string name = split;
      save(name + "_x_image", npy("|u1", "(3, 1, 1, 2)", {1, 2, 3, 4, 5, 6}));
      save(name + "_x_a_b",
           npy("<i8", "(3, 2)", bytesOf<int64_t>({0, 4, 1, 3, 2, 2})));
      save(name + "_x_number", npy("<f4", "(3,)", bytesOf<float>({1, 2, 6})));
      save(name + "_y",
           npy("<i4", "(3, 2)", bytesOf<int32_t>({0, 1, 2, 0, 1, 2})));
    }
  }
  void save(const std::string &name, const Bytes &bytes) {
    writeFile(folder / (name + ".npy"), bytes);
  }
  DataSet load() { return loadDataSet("npy:" + folder.path, request); }
  void expectError(const std::vector<std::string> &parts) {
    std::string text = errorOf([&] { load(); });
    EXPECT_NE(text, "");
    EXPECT_EQ(text.find('\n'), std::string::npos);
    for (const std::string &part : parts)
      EXPECT_NE(text.find(part), std::string::npos) << text << " / " << part;
  }
  static std::vector<float> floatsOf(const Bytes &bytes) {
    std::vector<float> floats(bytes.size() / sizeof(float));
    std::memcpy(floats.data(), bytes.data(), bytes.size());
    return floats;
  }
  TemporaryFolder folder;
  DataRequest request;
};

} // namespace

TEST_F(Inputs, HaveAFileEach) {
  DataSplit train = load().train;
  EXPECT_EQ(train.count(), 3u);
  EXPECT_EQ(train.inputs[0].bytes, (Bytes{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(classesOf(train.inputs[1].bytes),
            (std::vector<int32_t>{0, 4, 1, 3, 2, 2}));
  EXPECT_EQ(floatsOf(train.inputs[2].bytes), (std::vector<float>{1, 2, 6}));
  EXPECT_EQ(train.targets[0].exampleBytes(), 2 * sizeof(int32_t));
  EXPECT_EQ(classesOf(train.targets[0].bytes),
            (std::vector<int32_t>{0, 1, 2, 0, 1, 2}));
}

TEST_F(Inputs, EveryOneIsPartOfTheHash) {
  std::string before = hashData(load().train);
  save("train_x_number", npy("<f4", "(3,)", bytesOf<float>({1, 2, 7})));
  EXPECT_NE(hashData(load().train), before);
}

TEST_F(Inputs, BatchesHoldAllOfThem) {
  DataSet data = load();
  LoaderOptions options;
  options.batch = 2;
  options.shuffle = false;
  Loader loader(data.train, options, 0, 0);
  const Batch &batch = loader.next();
  ASSERT_EQ(batch.inputs.size(), 3u);
  EXPECT_EQ(batch.inputs[0].data()[3], 4);
  int32_t index;
  std::memcpy(&index, batch.inputs[1].data() + 4, sizeof(index));
  EXPECT_EQ(index, 4);
  EXPECT_EQ(batch.targets[0].size(), 4 * sizeof(int32_t));
}

TEST_F(Inputs, HaveAStandardizationEach) {
  request.inputs[2].standardized = true;
  request.inputs[0] = {"image", {1, 1, 2}, QTCRT_ENCODING_NUMBER};
  request.inputs[0].standardized = true;
  DataSet data = load();
  EXPECT_EQ(data.standardization.means, (std::vector<double>{3.5, 3}));
  request.standardization = {{1, 2}, {1, 4}};
  EXPECT_EQ(floatsOf(load().test.inputs[0].bytes),
            (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(floatsOf(load().test.inputs[2].bytes),
            (std::vector<float>{-0.25, 0, 1}));
}

TEST_F(Inputs, WrongFilesAreNamed) {
  save("train_x_a_b",
       npy("<i8", "(3, 2)", bytesOf<int64_t>({0, 4, 5, 3, 2, 2})));
  expectError({"train_x_a_b.npy'", "index 5 of example 1", "(0 to 4)"});
  save("train_x_a_b",
       npy("<i8", "(3, 2)", bytesOf<int64_t>({0, 4, 1, -1, 2, 2})));
  expectError({"train_x_a_b.npy'", "index -1 of example 1"});
  save("train_x_a_b", npy("<i8", "(2, 2)", bytesOf<int64_t>({0, 4, 1, 1})));
  expectError({"train_x_a_b.npy' has 2", "train_y.npy' has 3"});
  save("train_x_a_b", npy("<f4", "(3, 2)", Bytes(24)));
  expectError({"train_x_a_b.npy'", "'<f4'", "indices of an integer type"});
  unlink((folder / "train_x_a_b.npy").c_str());
  expectError({"no file 'train_x_a_b.npy', for input 'a/b'"});
}

TEST_F(Inputs, LabelsHaveAClassForEachPosition) {
  save("train_y", npy("<i4", "(3, 1)", bytesOf<int32_t>({0, 1, 2})));
  expectError({"train_y.npy'", "(3, 1)", "[N,2]", "2 positions"});
}

TEST_F(Inputs, NamesMustDiffer) {
  request.inputs[2].name = "a_b";
  expectError({"two inputs", "'train_x_a_b.npy'"});
}

TEST_F(Inputs, ImagesWithClassesAreNotEnough) {
  std::string text = errorOf([&] { loadDataSet("synthetic:digits", request); });
  EXPECT_NE(text.find("3 inputs; use --data=npy:DIR"), std::string::npos)
      << text;
  request.inputs.resize(1);
  text = errorOf([&] { loadDataSet("synthetic:digits", request); });
  EXPECT_NE(text.find("2 positions"), std::string::npos) << text;
}
