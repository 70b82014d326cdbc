//===- NumberReaderTest.cpp - data for models that take numbers -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"
#include "qtcrt/DataSet.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace qtcrt;

namespace {

/// Arrays for a model that takes 1x2x3 numbers and predicts two.
class NpyNumbers : public testing::Test {
protected:
  NpyNumbers() {
    input().shape = {1, 2, 3};
    input().encoding = request.targets[0].encoding = QTCRT_ENCODING_NUMBER;
    request.targets[0].shape = {2, 1, 1};
    x = npy("<f4", "(2, 1, 2, 3)", bytesOf<float>(values<float>()));
    y = npy("<f4", "(2, 2)", bytesOf<float>({1, 2, 3, 4}));
  }
  template <typename T> static std::vector<T> values() {
    return {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  }
  ColumnRequest &input() { return request.inputs[0]; }
  void setClasses(int64_t classes) {
    request.targets[0].shape = {1, 1, 1};
    request.targets[0].encoding = QTCRT_ENCODING_CLASS;
    request.targets[0].classes = classes;
  }
  DataSet load() {
    for (const char *name : {"train", "test"}) {
      writeFile(folder / (name + std::string("_x.npy")), x);
      writeFile(folder / (name + std::string("_y.npy")), y);
    }
    return loadDataSet("npy:" + folder.path, request);
  }
  /// The inputs or targets, which the model takes as floats.
  static std::vector<float> floatsOf(const Bytes &bytes) {
    std::vector<float> floats(bytes.size() / sizeof(float));
    std::memcpy(floats.data(), bytes.data(), bytes.size());
    return floats;
  }
  std::vector<float> inputs() { return floatsOf(load().train.inputs[0].bytes); }
  std::vector<float> targets() {
    return floatsOf(load().train.targets[0].bytes);
  }
  void expect(const std::vector<std::string> &parts) {
    std::string text = errorOf([&] { load(); });
    EXPECT_NE(text, "");
    EXPECT_EQ(text.find('\n'), std::string::npos);
    for (const std::string &part : parts)
      EXPECT_NE(text.find(part), std::string::npos) << text << " / " << part;
  }
  TemporaryFolder folder;
  DataRequest request;
  Bytes x, y;
};

} // namespace

TEST_F(NpyNumbers, InputsOfAllTypes) {
  EXPECT_EQ(inputs(), values<float>());
  x = npy("<f8", "(2, 2, 3)", bytesOf(values<double>()));
  EXPECT_EQ(inputs(), values<float>());
  x = npy("|u1", "(2, 6)", bytesOf(values<uint8_t>()));
  EXPECT_EQ(inputs(), values<float>());
  x = npy("<i8", "(2, 2, 1, 3)", bytesOf(values<int64_t>()));
  EXPECT_EQ(inputs(), values<float>());
  x = npy("|b1", "(2, 6)", Bytes(12, 1));
  EXPECT_EQ(inputs(), std::vector<float>(12, 1));
}

TEST_F(NpyNumbers, TargetsOfAllTypes) {
  std::vector<float> expected = {1, 2, 3, 4};
  EXPECT_EQ(targets(), expected);
  y = npy("<f8", "(2, 2)", bytesOf<double>({1, 2, 3, 4}));
  EXPECT_EQ(targets(), expected);
  y = npy("<i4", "(2, 2)", bytesOf<int32_t>({1, 2, 3, 4}));
  EXPECT_EQ(targets(), expected);
  y = npy("|b1", "(2, 2)", {1, 0, 0, 1});
  EXPECT_EQ(targets(), (std::vector<float>{1, 0, 0, 1}));
  request.targets[0].shape = {1, 1, 1};
  for (const char *shape : {"(2,)", "(2, 1)"}) {
    y = npy("<f4", shape, bytesOf<float>({5, 6}));
    EXPECT_EQ(targets(), (std::vector<float>{5, 6}));
  }
}

TEST_F(NpyNumbers, TypesThatAreNoNumbers) {
  x = npy("<f2", "(2, 6)", Bytes(24));
  expect({"train_x.npy", "'<f2'", "float32, float64",
          "save array.astype('float64')"});
  x = npy("<U1", "(2, 6)", Bytes(48));
  expect({"train_x.npy", "'<U1'", "save numbers"});
  x = npy("<c8", "(2, 6)", Bytes(96));
  expect({"train_x.npy", "'<c8'"});
  x = npy("|u1", "(2, 6)", Bytes(12));
  y = npy("|O", "(2, 2)", Bytes(32));
  expect({"train_y.npy", "'|O'", "save numbers"});
}

TEST_F(NpyNumbers, ShapesThatDoNotFit) {
  x = npy("<f4", "(2, 3, 2)", Bytes(48));
  expect({"train_x.npy", "inputs are 1x3x2", "1x2x3"});
  x = npy("<f4", "(2, 5)", Bytes(40));
  expect({"train_x.npy", "5x1x1", "1x2x3"});
  x = npy("<f4", "(2, 6)", Bytes(40));
  expect({"train_x.npy", "truncated"});
  x = npy("<f4", "(3, 6)", Bytes(72));
  expect({"3 examples", "2 targets"});
  x = npy("<f4", "(2, 6)", Bytes(48));
  for (const char *shape : {"(4,)", "(1, 4)", "(2, 2, 1)", "()"}) {
    y = npy("<f4", shape, Bytes(16));
    expect({"train_y.npy", shape, "expected [N,2] for a model with 2 outputs"});
  }
  y = npy("<i8", "(2,)", Bytes(16));
  expect({"if they are classes, compile with --loss=cross-entropy"});
}

// Other formats have pixels from 0 to 255, which are numbers, too.
TEST_F(NpyNumbers, PixelsAreNumbers) {
  TemporaryFolder mnist;
  writeMnist(mnist.path, 3, 2, 4);
  input().shape = {1, 4, 4};
  request.targets[0].shape = {1, 1, 1};
  setClasses(10);
  DataSet data = loadDataSet("mnist:" + mnist.path, request);
  Bytes pixels = idxImages(3, 4, 4);
  EXPECT_EQ(floatsOf(data.train.inputs[0].bytes),
            std::vector<float>(pixels.begin() + 16, pixels.end()));
  EXPECT_EQ(classesOf(data.train.targets[0].bytes),
            (std::vector<int32_t>{0, 1, 2}));
}

TEST_F(NpyNumbers, FormatsOfClassesHaveNoNumbers) {
  for (const char *spec :
       {"mnist:x", "cifar10:x", "cifar100:x", "synthetic:digits"}) {
    std::string text = errorOf([&] { loadDataSet(spec, request); });
    EXPECT_NE(text.find("the targets of"), std::string::npos) << text;
    EXPECT_NE(text.find("compile with --loss=cross-entropy"),
              std::string::npos);
  }
}

TEST_F(NpyNumbers, ModelsOfPixelsAndClassesSayWhatToDo) {
  request = DataRequest();
  input().shape = {1, 2, 3};
  setClasses(5);
  expect({"train_x.npy", "'<f4'", "(array * 255).round().astype('uint8')",
          "compile with --input=float32"});
  x = npy("|u1", "(2, 6)", Bytes(12));
  expect(
      {"train_y.npy", "(2, 2)", "array.argmax(1)", "compile with --loss=mse"});
  y = npy("<f4", "(2,)", Bytes(8));
  expect({"train_y.npy", "'<f4'", "compile with --loss=mse",
          "array.astype('int64')"});
}
