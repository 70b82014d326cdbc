//===- ReaderTest.cpp - data formats, good and malformed ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"
#include "qtcrt/DataSet.h"
#include "qtcrt/Error.h"
#include "qtcrt/StateHash.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace qtcrt;

namespace {

DataRequest request(int64_t c, int64_t h, int64_t w, int64_t classes = 10) {
  DataRequest result;
  result.inputs[0].shape = {c, h, w};
  result.targets[0].encoding = QTCRT_ENCODING_CLASS;
  result.targets[0].classes = classes;
  return result;
}

/// Expects an error that holds every one of `parts`, on one line.
void expectError(const std::string &spec, const DataRequest &what,
                 const std::vector<std::string> &parts) {
  std::string text = errorOf([&] { loadDataSet(spec, what); });
  EXPECT_NE(text, "") << spec;
  EXPECT_EQ(text.find('\n'), std::string::npos);
  for (const std::string &part : parts)
    EXPECT_NE(text.find(part), std::string::npos) << text << " / " << part;
}

} // namespace

TEST(DataSpec, UnknownFormatsAreUsageErrors) {
  for (const char *spec :
       {"", "mnist", "foo:bar", ":", "mnist:", "MNIST:x", "synthetic:letters"})
    EXPECT_THROW(loadDataSet(spec, request(1, 28, 28)), UsageError) << spec;
}

TEST(Mnist, PlainAndGzip) {
  for (const char *suffix : {"", ".gz"}) {
    TemporaryFolder folder;
    writeMnist(folder.path, 20, 7, 5, suffix);
    DataSet data = loadDataSet("mnist:" + folder.path, request(1, 5, 5));
    EXPECT_EQ(data.train.count(), 20u);
    EXPECT_EQ(data.test.count(), 7u);
    EXPECT_EQ(data.train.inputs[0].shape, (ImageShape{1, 5, 5}));
    EXPECT_EQ(classesOf(data.train.targets[0].bytes)[13], 3);
    EXPECT_EQ(data.train.inputs[0].example(2)[3], static_cast<uint8_t>(53 * 7));
  }
}

TEST(Mnist, FlatModelsAndOtherNames) {
  TemporaryFolder folder;
  auto write = [&](const std::string &name, const Bytes &bytes) {
    writeFile(folder / name, bytes);
  };
  write("emnist-letters-train-images-idx3-ubyte", idxImages(4, 5, 5));
  write("emnist-letters-train-labels-idx1-ubyte", idxLabels(4, 3));
  write("emnist-letters-test-images-idx3-ubyte", idxImages(2, 5, 5));
  write("emnist-letters-test-labels-idx1-ubyte.gz", gzip(idxLabels(2, 3)));
  EXPECT_EQ(
      loadDataSet("mnist:" + folder.path, request(25, 1, 1)).train.count(), 4u);
  write("train-images.idx3-ubyte", idxImages(4, 5, 5));
  expectError("mnist:" + folder.path, request(1, 5, 5), {"both"});
}

TEST(Mnist, TestSplitAlone) {
  TemporaryFolder folder;
  writeFile(folder / "t10k-images-idx3-ubyte", idxImages(2, 5, 5));
  writeFile(folder / "t10k-labels-idx1-ubyte", idxLabels(2, 3));
  DataRequest what = request(1, 5, 5);
  what.train = false;
  EXPECT_EQ(loadDataSet("mnist:" + folder.path, what).test.count(), 2u);
}

class MnistErrors : public testing::Test {
protected:
  MnistErrors() { writeMnist(folder.path, 20, 7, 5); }
  void expect(const std::vector<std::string> &parts) {
    expectError("mnist:" + folder.path, request(1, 5, 5), parts);
  }
  std::string images() { return folder / "train-images-idx3-ubyte"; }
  std::string labels() { return folder / "train-labels-idx1-ubyte"; }
  TemporaryFolder folder;
};

TEST_F(MnistErrors, TruncatedPlain) {
  Bytes bytes = idxImages(20, 5, 5);
  for (size_t size : {size_t{0}, size_t{3}, size_t{10}, bytes.size() - 1}) {
    writeFile(images(), Bytes(bytes.begin(), bytes.begin() + long(size)));
    expect({"train-images", size == 0 ? "the file is empty" : "truncated"});
  }
  expect({"truncated: expected 500 bytes for the pixels, but"});
}

TEST_F(MnistErrors, DamagedGzip) {
  std::filesystem::remove(images());
  Bytes bytes = gzip(idxImages(20, 5, 5));
  for (size_t size = 2; size < bytes.size(); size += 7) {
    writeFile(images() + ".gz",
              Bytes(bytes.begin(), bytes.begin() + long(size)));
    expect({"train-images-idx3-ubyte.gz", "truncated"});
  }
  Bytes garbage = bytes;
  garbage.push_back('x');
  writeFile(images() + ".gz", garbage);
  expect({"train-images-idx3-ubyte.gz"});
  bytes[bytes.size() - 6] ^= 1; // the checksum
  writeFile(images() + ".gz", bytes);
  expect({"damaged"});
}

// Unusual but valid files that `gzip -dc` unpacks to the same bytes.
TEST_F(MnistErrors, FormsOfGzip) {
  Bytes bytes = idxImages(20, 5, 5), empty = gzip(Bytes());
  auto slice = [&](size_t begin, size_t end) {
    return gzip(Bytes(bytes.begin() + long(begin), bytes.begin() + long(end)));
  };
  auto join = [](std::initializer_list<Bytes> parts) {
    Bytes all;
    for (const Bytes &part : parts)
      all.insert(all.end(), part.begin(), part.end());
    return all;
  };
  Bytes whole = gzip(bytes), zeros(512), full(whole);
  full.resize((size_t{256} << 10) * 2); // to the end of a buffer
  DataSet expected = loadDataSet("mnist:" + folder.path, request(1, 5, 5));
  std::filesystem::remove(images());
  for (const Bytes &file :
       {join({slice(0, 3), slice(3, bytes.size())}), join({whole, zeros}), full,
        join({empty, slice(0, 100), empty, slice(100, bytes.size()), empty,
              zeros})}) {
    writeFile(images() + ".gz", file);
    EXPECT_EQ(loadDataSet("mnist:" + folder.path, request(1, 5, 5))
                  .train.inputs[0]
                  .bytes,
              expected.train.inputs[0].bytes);
  }
  for (const Bytes &file :
       {join({whole, zeros, {1}}), join({whole, zeros, whole}),
        join({whole, empty, {0, 0, 0, 31}}), join({whole, {'<', 'h'}})}) {
    writeFile(images() + ".gz", file);
    expect({"train-images-idx3-ubyte.gz", "gzip file"});
  }
}

TEST_F(MnistErrors, TrailingBytes) {
  Bytes bytes = idxImages(20, 5, 5);
  bytes.push_back(0);
  writeFile(images(), bytes);
  expect({"more bytes"});
}

TEST_F(MnistErrors, WrongMagicAndSwappedFiles) {
  writeFile(images(), idxLabels(20, 10));
  expect({"magic", "2051", "2049"});
}

TEST_F(MnistErrors, HugeDimensionsAllocateNothing) {
  Bytes bytes = {0, 0, 8, 3, 255, 255, 255, 255, 0, 0, 0, 5, 0, 0, 0, 5};
  writeFile(images(), bytes);
  expect({"truncated"});
  bytes[8] = bytes[12] = 255;
  writeFile(images(), bytes);
  expect({"5x5"});
  std::filesystem::remove(images());
  writeFile(images() + ".gz", gzip(bytes));
  expect({"5x5"});
}

TEST_F(MnistErrors, LabelsOutOfRange) {
  writeFile(labels(), idxLabels(20, 12));
  expect({"label 10 of example 10", "10 classes"});
}

TEST_F(MnistErrors, CountsDiffer) {
  writeFile(labels(), idxLabels(19, 10));
  expect({"20 images", "19 labels"});
}

TEST_F(MnistErrors, EmptySet) {
  writeMnist(folder.path, 0, 7, 5);
  expect({"empty"});
  writeMnist(folder.path, 5, 0, 5);
  expect({"test set is empty"});
}

TEST_F(MnistErrors, WrongImageSizeNamesBoth) {
  expectError("mnist:" + folder.path, request(3, 32, 32), {"1x5x5", "3x32x32"});
}

TEST_F(MnistErrors, MissingAndUnreadable) {
  std::filesystem::remove(labels());
  expect({"train-labels-idx1-ubyte"});
  std::filesystem::create_directory(labels());
  expect({"not a regular file"});
  std::filesystem::remove(labels());
  ASSERT_EQ(mkfifo(labels().c_str(), 0666), 0);
  expect({"not a regular file"});
  if (geteuid() != 0) {
    std::filesystem::remove(labels());
    writeFile(labels(), idxLabels(20, 10));
    chmod(labels().c_str(), 0);
    expect({"permission denied"});
  }
  expectError("mnist:" + folder.path + "/nowhere", request(1, 5, 5),
              {"nowhere", "no such file"});
  expectError("mnist:" + images(), request(1, 5, 5), {"not a directory"});
}

static Bytes cifarRecords(int count, int labelBytes, int classes) {
  Bytes out;
  for (int i = 0; i < count; ++i) {
    for (int j = 0; j < labelBytes; ++j)
      out.push_back(static_cast<uint8_t>((i + j) % classes));
    out.insert(out.end(), 3072, static_cast<uint8_t>(i));
  }
  return out;
}

TEST(Cifar, Cifar10) {
  TemporaryFolder folder;
  for (int part = 1; part <= 5; ++part)
    writeFile(folder / concat("data_batch_", part, ".bin"),
              cifarRecords(3, 1, 10));
  writeFile(folder / "test_batch.bin", cifarRecords(2, 1, 10));
  DataSet data = loadDataSet("cifar10:" + folder.path, request(3, 32, 32));
  EXPECT_EQ(data.train.count(), 15u);
  EXPECT_EQ(data.test.count(), 2u);
  EXPECT_EQ(data.train.inputs[0].example(4)[0], 1);
  std::filesystem::remove(folder / "data_batch_4.bin");
  expectError("cifar10:" + folder.path, request(3, 32, 32),
              {"data_batch_4.bin"});
}

TEST(Cifar, PackedFiles) {
  TemporaryFolder folder;
  Bytes part = gzip(cifarRecords(3, 1, 10));
  for (int i = 1; i <= 4; ++i)
    writeFile(folder / concat("data_batch_", i, ".bin.gz"), part);
  writeFile(folder / "data_batch_5.bin", part); // unpacked by its contents
  writeFile(folder / "test_batch.bin.gz", gzip(cifarRecords(2, 1, 10)));
  auto load = [&] {
    return loadDataSet("cifar10:" + folder.path, request(3, 32, 32));
  };
  EXPECT_EQ(load().train.count(), 15u);
  EXPECT_EQ(load().test.count(), 2u);
  EXPECT_EQ(load().train.inputs[0].example(4)[0], 1);
  // The plain file wins.
  writeFile(folder / "test_batch.bin", cifarRecords(7, 1, 10));
  EXPECT_EQ(load().test.count(), 7u);
  Bytes records = cifarRecords(3, 1, 10);
  records.pop_back();
  writeFile(folder / "data_batch_2.bin.gz", gzip(records));
  expectError("cifar10:" + folder.path, request(3, 32, 32),
              {"data_batch_2.bin.gz", "3073", "9218 bytes"});
  writeFile(folder / "data_batch_2.bin.gz",
            Bytes(part.begin(), part.end() - 9));
  expectError("cifar10:" + folder.path, request(3, 32, 32),
              {"data_batch_2.bin.gz", "truncated"});

  TemporaryFolder other, hundred;
  writeFile(other / "imagenette32_train.bin.gz", part);
  writeFile(other / "imagenette32_val.bin", cifarRecords(2, 1, 10));
  EXPECT_EQ(
      loadDataSet("cifar10:" + other.path, request(3, 32, 32)).train.count(),
      3u);
  writeFile(hundred / "train.bin.gz", gzip(cifarRecords(30, 2, 100)));
  writeFile(hundred / "test.bin.gz", gzip(cifarRecords(2, 2, 100)));
  EXPECT_EQ(
      classesOf(loadDataSet("cifar100:" + hundred.path, request(3, 32, 32, 100))
                    .train.targets[0]
                    .bytes)[7],
      8);
}

TEST(Cifar, SameLayoutOtherNames) {
  TemporaryFolder folder;
  writeFile(folder / "imagenette32_train.bin", cifarRecords(3, 1, 10));
  writeFile(folder / "imagenette32_val.bin", cifarRecords(2, 1, 10));
  DataSet data = loadDataSet("cifar10:" + folder.path, request(3, 32, 32));
  EXPECT_EQ(data.train.count(), 3u);
  EXPECT_EQ(data.test.count(), 2u);
}

TEST(Cifar, Cifar100UsesFineLabels) {
  TemporaryFolder folder;
  writeFile(folder / "train.bin", cifarRecords(30, 2, 100));
  writeFile(folder / "test.bin", cifarRecords(2, 2, 100));
  DataSet data =
      loadDataSet("cifar100:" + folder.path, request(3, 32, 32, 100));
  EXPECT_EQ(classesOf(data.train.targets[0].bytes)[7], 8);
  expectError("cifar100:" + folder.path, request(3, 32, 32, 10),
              {"out of range"});
}

TEST(Cifar, Malformed) {
  TemporaryFolder folder;
  expectError("cifar10:" + folder.path, request(3, 32, 32), {"data_batch_1"});
  writeFile(folder / "a_train.bin", Bytes(3072));
  writeFile(folder / "a_val.bin", cifarRecords(1, 1, 10));
  expectError("cifar10:" + folder.path, request(3, 32, 32),
              {"a_train.bin", "3073", "3072"});
  writeFile(folder / "a_train.bin", Bytes());
  expectError("cifar10:" + folder.path, request(3, 32, 32), {"0 bytes"});
  expectError("cifar10:" + folder.path, request(1, 28, 28),
              {"3x32x32", "1x28x28"});
}

class Npy : public testing::Test {
protected:
  Npy() {
    x = npy("|u1", "(4, 1, 2, 3)", Bytes(24, 7));
    y = npy("<i8", "(4,)", labels64({0, 1, 2, 1}));
    save();
  }
  static Bytes labels64(const std::vector<int64_t> &labels) {
    Bytes out;
    for (int64_t label : labels)
      for (int i = 0; i < 8; ++i)
        out.push_back(static_cast<uint8_t>(uint64_t(label) >> (8 * i)));
    return out;
  }
  void save() {
    writeFile(folder / "train_x.npy", x);
    writeFile(folder / "train_y.npy", y);
    writeFile(folder / "test_x.npy", npy("|u1", "(1, 2, 3)", Bytes(6)));
    writeFile(folder / "test_y.npy", npy("|u1", "(1, 1)", {2}));
  }
  DataSet load() {
    save();
    return loadDataSet("npy:" + folder.path, request(1, 2, 3, 3));
  }
  void expect(const std::vector<std::string> &parts) {
    save();
    expectError("npy:" + folder.path, request(1, 2, 3, 3), parts);
  }
  TemporaryFolder folder;
  Bytes x, y;
};

TEST_F(Npy, Shapes) {
  EXPECT_EQ(classesOf(load().train.targets[0].bytes),
            (std::vector<int32_t>{0, 1, 2, 1}));
  x = npy("|u1", "(4, 2, 3)", Bytes(24, 7));
  EXPECT_EQ(load().train.inputs[0].shape, (ImageShape{1, 2, 3}));
  x = npy("|u1", "(4, 6)", Bytes(24, 7));
  EXPECT_EQ(load().train.inputs[0].shape, (ImageShape{1, 2, 3}));
}

// Arrays of exactly the shape of a model of rank 3 or in NHWC, and gray images
// for these: extents of 1 may lie elsewhere, the others keep their order.
TEST_F(Npy, UnitExtents) {
  save();
  std::string spec = "npy:" + folder.path;
  for (ImageShape input : {ImageShape{2, 1, 3}, {2, 3, 1}, {1, 2, 3}})
    for (const char *shape : {"(4, 2, 3)", "(4, 1, 2, 3)", "(4, 2, 1, 3)"}) {
      x = npy("|u1", shape, Bytes(24, 7));
      save();
      DataRequest what = request(input.channels, input.height, input.width, 3);
      EXPECT_EQ(loadDataSet(spec, what).train.inputs[0].bytes, Bytes(24, 7))
          << shape;
    }
  x = npy("|u1", "(4, 3, 2)", Bytes(24, 7));
  save();
  expectError(spec, request(2, 1, 3, 3), {"images are 1x3x2", "2x1x3"});
}

TEST_F(Npy, LabelTypes) {
  for (const char *type : {"|i1", "|u1"}) {
    y = npy(type, "(4,)", {0, 1, 2, 1});
    EXPECT_EQ(classesOf(load().train.targets[0].bytes),
              (std::vector<int32_t>{0, 1, 2, 1}));
  }
  y = npy(">i2", "(4,)", {0, 0, 0, 1, 0, 2, 0, 1});
  EXPECT_EQ(classesOf(load().train.targets[0].bytes),
            (std::vector<int32_t>{0, 1, 2, 1}));
  y = npy("<u4", "(4,)", {0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0});
  EXPECT_EQ(classesOf(load().train.targets[0].bytes),
            (std::vector<int32_t>{0, 1, 2, 1}));
  y = npy("<f8", "(4,)", Bytes(32));
  expect({"train_y.npy", "<f8", "integer"});
  y = npy("|i1", "(4,)", {0, 1, 255, 1});
  expect({"label -1 of example 2"});
  y = npy("<u8", "(4,)", Bytes(32, 255));
  expect({"label 18446744073709551615 of example 0 is out of range"});
  for (const char *type : {"<U1", "|O", "|S3"}) {
    y = npy(type, "(4,)", Bytes(32));
    expect({"train_y.npy", type, "np.unique(array, return_inverse=True)[1]"});
  }
}

TEST_F(Npy, RefusedArrays) {
  x = npy("<f4", "(4, 1, 2, 3)", Bytes(96));
  expect({"train_x.npy", "<f4", "(array * 255).round().astype('uint8')"});
  x = npy("<i8", "(4, 1, 2, 3)", Bytes(192));
  expect({"<i8", "for values from 0 to 255 save array.astype('uint8')"});
  x = npy("|b1", "(4, 1, 2, 3)", Bytes(24));
  expect({"|b1", "array.astype('uint8') * 255"});
  x = npy("|u1", "(4, 1, 2, 3)", Bytes(24), true);
  expect({"Fortran order"});
  x = npy("|u1", "(5, 1, 2, 3)", Bytes(30));
  expect({"5 images", "4 labels"});
  x = npy("|u1", "(4, 1, 3, 2)", Bytes(24));
  expect({"1x3x2", "1x2x3"});
  x = npy("|u1", "(4, 2, 2, 3)", Bytes(48));
  save();
  expectError("npy:" + folder.path, request(3, 2, 2, 3),
              {"2x2x3", "3x2x2", "array.transpose(0, 3, 1, 2)"});
  x = npy("|u1", "(4,)", Bytes(4));
  expect({"[N,C,H,W]"});
  x = npy("|u1", "()", Bytes(1));
  expect({"[N,C,H,W]"});
}

TEST_F(Npy, MalformedHeaders) {
  for (const char *shape :
       {"(4, 1, 2, 3", "4", "(-4, 1, 2, 3)", "(4, 1, 2, x)", "(,)", "(4 1)"}) {
    x = npy("|u1", shape, Bytes(24));
    expect({"train_x.npy", "malformed"});
  }
  x = npy("|u1", "(99999999999999999999, 1, 2, 3)", Bytes(24));
  expect({"2^40"});
  x = npy("|u1", "(1000000000, 1, 2, 3)", Bytes(24));
  expect({"truncated"});
  x = npy("|u1", "(4, 1, 2, 3)", Bytes(23));
  expect({"truncated"});
  x = npy("|u1", "(4, 1, 2, 3)", Bytes(25));
  expect({"more bytes"});
  Bytes good = npy("|u1", "(4, 1, 2, 3)", Bytes(24, 7));
  for (size_t size = 0; size < good.size(); size += 5) {
    x = Bytes(good.begin(), good.begin() + long(size));
    expect({"train_x.npy"});
  }
  x = good;
  x[0] = 'P';
  expect({"not a .npy file"});
  x = good;
  x[6] = 9;
  expect({"version 9"});
}

TEST(Synthetic, DigitsAreReproducible) {
  DataRequest what = request(1, 28, 28);
  what.train = false;
  DataSet data = loadDataSet("synthetic:digits", what);
  EXPECT_EQ(data.test.count(), 10000u);
  EXPECT_EQ(data.test.inputs[0].shape, (ImageShape{1, 28, 28}));
  std::vector<int> counts(10);
  for (int32_t label : classesOf(data.test.targets[0].bytes))
    ++counts[static_cast<size_t>(label)];
  for (int count : counts)
    EXPECT_GT(count, 850);
  // Integer arithmetic only: the same everywhere, for ever.
  EXPECT_EQ(hashData(data.test), "d0024c43d76cc09f4a4b855c7eee9bd7");
}

TEST(Synthetic, FollowsTheModelsInput) {
  DataRequest what = request(3, 32, 32);
  what.train = false;
  EXPECT_EQ(loadDataSet("synthetic:digits", what).test.inputs[0].shape,
            (ImageShape{3, 32, 32}));
  what.inputs[0].shape = {784, 1, 1};
  EXPECT_EQ(loadDataSet("synthetic:digits", what).test.inputs[0].shape,
            (ImageShape{1, 28, 28}));
  what.inputs[0].shape = {1, 12, 20};
  EXPECT_EQ(loadDataSet("synthetic:digits", what).test.inputs[0].shape,
            (ImageShape{1, 12, 20}));
  expectError("synthetic:digits", request(1, 4, 4), {"1x4x4"});
  expectError("synthetic:digits", request(1, 28, 28, 5), {"10 classes"});
}
