//===- EncodeTest.cpp - numbers as a step gets them -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"
#include "qtcrt/DataSet.h"
#include "qtcrt/Numbers.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

using namespace qtcrt;

namespace {

template <typename T>
std::vector<T> store(const std::vector<double> &numbers, uint32_t dtype,
                     int32_t exponent, uint64_t clipped = 0) {
  std::vector<T> out(numbers.size());
  uint64_t count = storeNumbers(numbers, {dtype, exponent},
                                reinterpret_cast<uint8_t *>(out.data()));
  EXPECT_EQ(count, clipped);
  return out;
}

std::vector<double> read(const NumberType &type, const Bytes &data) {
  NumberArray array{"file", type, data};
  std::vector<double> numbers(array.size());
  array.read(0, numbers);
  return numbers;
}

/// Examples of `shape`.
RawColumn makeColumn(const ImageShape &shape, const std::vector<double> &x) {
  return {shape, {"x.npy", {'f', 8}, bytesOf(x)}};
}

/// A data set of `npy:` with examples of 1x2x1 numbers and one target each.
class Encoding : public testing::Test {
protected:
  Encoding() {
    input().shape = {1, 2, 1};
    input().encoding = request.targets[0].encoding = QTCRT_ENCODING_NUMBER;
    save("train", {1, 2, 3, 4, 5, 6}, {0, 0, 0});
    save("test", {7, 8}, {0});
  }
  void save(const std::string &name, const std::vector<double> &x,
            const std::vector<double> &t) {
    std::string count = "(" + std::to_string(t.size()) + ", ";
    writeFile(folder / (name + "_x.npy"), npy("<f8", count + "2)", bytesOf(x)));
    writeFile(folder / (name + "_y.npy"), npy("<f8", count + "1)", bytesOf(t)));
  }
  ColumnRequest &input() { return request.inputs[0]; }
  DataSet load() { return loadDataSet("npy:" + folder.path, request); }
  void expectError(const std::vector<std::string> &parts) {
    std::string text = errorOf([&] { load(); });
    EXPECT_EQ(text.find('\n'), std::string::npos);
    for (const std::string &part : parts)
      EXPECT_NE(text.find(part), std::string::npos) << text << " / " << part;
  }
  template <typename T> static std::vector<T> valuesOf(const Bytes &bytes) {
    std::vector<T> values(bytes.size() / sizeof(T));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  TemporaryFolder folder;
  DataRequest request;
};

} // namespace

TEST(Numbers, TiesGoToEvenMantissas) {
  EXPECT_EQ(
      store<int8_t>({0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.4999}, QTCRT_INT8, 0),
      (std::vector<int8_t>{0, 2, 2, 0, -2, -2, 0}));
  // The same with quarters.
  EXPECT_EQ(store<int8_t>({0.125, 0.375, -0.625}, QTCRT_INT8, -2),
            (std::vector<int8_t>{0, 2, -2}));
  EXPECT_EQ(store<int32_t>({std::ldexp(1.5, -16), -1}, QTCRT_INT32, -16),
            (std::vector<int32_t>{2, -65536}));
}

TEST(Numbers, MantissasAreClippedSymmetrically) {
  EXPECT_EQ(store<int8_t>({127.4, 127.5, 128, -127.5, -1e300, 1e300},
                          QTCRT_INT8, 0, 5),
            (std::vector<int8_t>{127, 127, 127, -127, -127, 127}));
  constexpr int32_t most = 1 << 30;
  EXPECT_EQ(
      store<int32_t>({16384, 16384.1, -16385, 1e300}, QTCRT_INT32, -16, 3),
      (std::vector<int32_t>{most, most, -most, most}));
}

TEST(Numbers, FloatsAreTheNearest) {
  EXPECT_EQ(store<float>({0.1, -1e-60, 16777217}, QTCRT_FLOAT32, 7),
            (std::vector<float>{0.1f, -0.0f, 16777216.0f}));
}

TEST(Numbers, TypesOfFiles) {
  EXPECT_EQ(read({'u', 1}, {0, 200}), (std::vector<double>{0, 200}));
  EXPECT_EQ(read({'b', 1}, {0, 1}), (std::vector<double>{0, 1}));
  EXPECT_EQ(read({'i', 1}, {255}), (std::vector<double>{-1}));
  EXPECT_EQ(read({'u', 2, true}, {1, 2}), (std::vector<double>{258}));
  EXPECT_EQ(read({'i', 2}, {254, 255}), (std::vector<double>{-2}));
  EXPECT_EQ(read({'u', 4}, Bytes(4, 255)), (std::vector<double>{4294967295.0}));
  EXPECT_EQ(read({'i', 8}, Bytes(8, 255)), (std::vector<double>{-1}));
  EXPECT_EQ(read({'u', 8}, Bytes(8, 255)), (std::vector<double>{0x1p64}));
  EXPECT_EQ(read({'f', 4, true}, {0x3f, 0x80, 0, 0}), (std::vector<double>{1}));
  EXPECT_EQ(read({'f', 8}, bytesOf<double>({0.1})), (std::vector<double>{0.1}));
}

// Two channels of two numbers each: 1, 2, 5, 6 and 10, 10, 10, 14.
TEST(StandardizationTest, MeanAndDeviationOfChannels) {
  RawColumn column = makeColumn({2, 1, 2}, {1, 2, 10, 10, 5, 6, 10, 14});
  Standardization result = measureStandardization(column, 2);
  EXPECT_EQ(result.means, (std::vector<double>{3.5, 11}));
  EXPECT_EQ(result.deviations,
            (std::vector<double>{std::sqrt(17.0 / 4), std::sqrt(3.0)}));
}

// 0.1 times a count rounds, but nothing deviates from it.
TEST(StandardizationTest, ConstantChannels) {
  RawColumn column = makeColumn({1, 1, 1}, std::vector<double>(1000, 0.1));
  Standardization result = measureStandardization(column, 1);
  EXPECT_EQ(result.means, (std::vector<double>{0.1}));
  EXPECT_EQ(result.deviations, (std::vector<double>{1}));
}

TEST(StandardizationTest, NumbersThatAreTooLarge) {
  RawColumn column = makeColumn({1, 1, 1}, {1e308, 1e308, 1.5e308});
  EXPECT_NE(errorOf([&] {
              measureStandardization(column, 1);
            }).find("'x.npy': the numbers of channel 0 are too large"),
            std::string::npos);
}

TEST_F(Encoding, NumbersAsTheyAre) {
  DataSet data = load();
  EXPECT_EQ(data.train.count(), 3u);
  EXPECT_EQ(valuesOf<float>(data.train.inputs[0].bytes),
            (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(data.train.inputs[0].exampleBytes(), 2 * sizeof(float));
  EXPECT_EQ(valuesOf<float>(data.test.inputs[0].bytes),
            (std::vector<float>{7, 8}));
  EXPECT_TRUE(data.standardization.isEmpty());
  EXPECT_EQ(data.remark, "");
}

// Both splits are standardized with the training split's numbers.
TEST_F(Encoding, StandardizedNumbers) {
  input().standardized = true;
  DataSet data = load();
  double deviation = std::sqrt(17.5 / 6);
  EXPECT_EQ(data.standardization.means, (std::vector<double>{3.5}));
  EXPECT_EQ(data.standardization.deviations, (std::vector<double>{deviation}));
  EXPECT_EQ(valuesOf<float>(data.test.inputs[0].bytes),
            (std::vector<float>{static_cast<float>(3.5 / deviation),
                                static_cast<float>(4.5 / deviation)}));
  input().format = {QTCRT_INT8, -5};
  EXPECT_EQ(valuesOf<int8_t>(load().test.inputs[0].bytes),
            (std::vector<int8_t>{66, 84})); // 65.58, 84.32
  request.limit = 1;
  EXPECT_EQ(load().standardization.means, (std::vector<double>{1.5}));
  EXPECT_EQ(load().train.count(), 1u);
}

TEST_F(Encoding, AGivenStandardizationIsUsed) {
  input().standardized = true;
  request.train = false;
  request.standardization = {{6}, {0.5}};
  DataSet data = load();
  EXPECT_EQ(valuesOf<float>(data.test.inputs[0].bytes),
            (std::vector<float>{2, 4}));
  EXPECT_EQ(data.standardization, request.standardization);
}

TEST_F(Encoding, TargetsAreSaturated) {
  save("test", {0, 0, 0, 0}, {0.5, -1e9});
  request.targets[0].format = {QTCRT_INT32, -16};
  EXPECT_EQ(valuesOf<int32_t>(load().test.targets[0].bytes),
            (std::vector<int32_t>{1 << 15, -(1 << 30)}));
}

TEST_F(Encoding, MuchClippingIsRemarked) {
  std::vector<double> x(200, 1);
  x[7] = 5;
  x[9] = -5;
  save("train", x, std::vector<double>(100));
  save("test", {1, 1}, {0});
  input().format = {QTCRT_INT8, -5};
  EXPECT_EQ(load().remark, ""); // 2 of 202
  x[11] = 4;
  save("train", x, std::vector<double>(100));
  EXPECT_EQ(load().remark,
            "1.49 % of the input numbers are beyond 3.96875 or -3.96875 and "
            "were clipped; standardize the data or scale them down");
}

TEST_F(Encoding, OutliersOfStandardizedNumbersAreRemarked) {
  save("train", {1, -1, 1, -1, 1, -1}, {0, 0, 0});
  save("test", {99, 0}, {0});
  input().format = {QTCRT_INT8, -5};
  input().standardized = true;
  EXPECT_EQ(load().remark,
            "12.5 % of the input numbers are beyond 3.96875 or -3.96875 and "
            "were clipped; scale outliers down, for example with a logarithm");
}

TEST_F(Encoding, NumbersMustBeFinite) {
  for (double bad : {double(NAN), double(INFINITY)}) {
    save("train", {1, 2, 3, bad, 5, 6}, {0, 0, 0});
    expectError({"train_x.npy'", "of example 1 is not finite"});
    input().standardized = true;
    expectError({"train_x.npy'", "of example 1 is not finite"});
    input().standardized = false;
    save("train", {1, 2, 3, 4, 5, 6}, {0, 0, bad});
    expectError({"train_y.npy'", "of example 2 is not finite"});
  }
  save("train", {1, 2, 3, 4, 5, 1e39}, {0, 0, 0});
  expectError({"train_x.npy'", "1e+39 of example 2 is too large"});
}

TEST_F(Encoding, SharesAreFrom0To1) {
  request.targets[0].areShares = true;
  save("train", {1, 2, 3, 4, 5, 6}, {0, 0.5, 1});
  EXPECT_EQ(load().train.count(), 3u);
  for (double bad : {-0.25, 1.5}) {
    save("test", {7, 8}, {bad});
    expectError({"test_y.npy'", "of example 0 is not between 0 and 1",
                 "compile with --loss=mse"});
  }
}
