//===- Tensor.cpp - Constant tensors of ONNX files ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/Tensor.h"
#include "compiler/Import/ONNX/ExternalData.h"

#include "llvm/ADT/bit.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include "onnx/onnx_pb.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace qtc::onnx_import;
using llvm::StringRef;
using onnx::TensorProto;

FailureOr<int64_t>
qtc::onnx_import::countElements(llvm::ArrayRef<int64_t> shape) {
  // An extent of 0 makes any product small, so look at the others first.
  int64_t count = 1;
  bool empty = false;
  for (int64_t extent : shape) {
    if (extent < 0 || extent > kMaxElements)
      return failure();
    empty |= extent == 0;
    count *= extent == 0 ? 1 : extent;
    if (count > kMaxElements)
      return failure();
  }
  return empty ? 0 : count;
}

bool Tensor::isFloat() const {
  return elementType == TensorProto::FLOAT ||
         elementType == TensorProto::FLOAT16 ||
         elementType == TensorProto::BFLOAT16 ||
         elementType == TensorProto::DOUBLE;
}

bool Tensor::isInteger() const {
  switch (elementType) {
  case TensorProto::BOOL:
  case TensorProto::INT8:
  case TensorProto::UINT8:
  case TensorProto::INT16:
  case TensorProto::UINT16:
  case TensorProto::INT32:
  case TensorProto::UINT32:
  case TensorProto::INT64:
  case TensorProto::UINT64:
    return true;
  default:
    return false;
  }
}

std::string Tensor::getElementTypeName() const {
  if (elementType != TensorProto::UNDEFINED &&
      TensorProto::DataType_IsValid(elementType))
    return StringRef(TensorProto::DataType_Name(elementType)).lower();
  return "type " + std::to_string(elementType);
}

/// Bytes of an element in raw data; 0 for types that are not imported.
static int64_t getElementSize(const Tensor &tensor) {
  switch (tensor.elementType) {
  case TensorProto::BOOL:
  case TensorProto::INT8:
  case TensorProto::UINT8:
    return 1;
  case TensorProto::INT16:
  case TensorProto::UINT16:
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16:
    return 2;
  case TensorProto::INT32:
  case TensorProto::UINT32:
  case TensorProto::FLOAT:
    return 4;
  case TensorProto::INT64:
  case TensorProto::UINT64:
  case TensorProto::DOUBLE:
    return 8;
  default:
    return 0;
  }
}

/// Number of elements in the repeated field that belongs to the type.
static int64_t countTypedElements(const Tensor &tensor) {
  switch (tensor.elementType) {
  case TensorProto::FLOAT:
    return tensor.proto->float_data_size();
  case TensorProto::DOUBLE:
    return tensor.proto->double_data_size();
  case TensorProto::INT64:
    return tensor.proto->int64_data_size();
  case TensorProto::UINT32:
  case TensorProto::UINT64:
    return tensor.proto->uint64_data_size();
  default:
    return tensor.proto->int32_data_size();
  }
}

static bool isExternal(const Tensor &tensor) {
  return tensor.proto->data_location() == TensorProto::EXTERNAL;
}

/// Checks that the file stores as many elements as the shape says.
static LogicalResult checkPayload(const Tensor &tensor, StringRef folder,
                                  std::string &why) {
  int64_t elementSize = getElementSize(tensor);
  if (elementSize == 0) // Reading the elements reports it.
    return success();
  int64_t bytes = tensor.numElements * elementSize;
  if (isExternal(tensor))
    return findExternalData(*tensor.proto, folder, bytes, why);
  if (tensor.proto->has_raw_data()) {
    int64_t stored = tensor.proto->raw_data().size();
    if (stored != bytes)
      return Refusal(why) << "expected " << bytes << " bytes of data for shape "
                          << formatShape(tensor.shape) << ", but got "
                          << stored;
    return success();
  }
  int64_t stored = countTypedElements(tensor);
  if (stored != tensor.numElements)
    return Refusal(why) << "expected " << tensor.numElements
                        << " elements for shape " << formatShape(tensor.shape)
                        << ", but got " << stored;
  return success();
}

FailureOr<Tensor> qtc::onnx_import::describeTensor(TensorProto &proto,
                                                   StringRef name,
                                                   StringRef folder,
                                                   std::string &why) {
  Tensor tensor;
  tensor.name = name.str();
  tensor.elementType = proto.data_type();
  tensor.shape.assign(proto.dims().begin(), proto.dims().end());
  tensor.proto = &proto;
  if (proto.has_segment())
    return Refusal(why) << "tensors in segments are not supported";
  constexpr size_t kMaxTensorRank = 16;
  FailureOr<int64_t> count = countElements(tensor.shape);
  if (failed(count) || tensor.shape.size() > kMaxTensorRank)
    return Refusal(why) << "shape " << formatShape(tensor.shape)
                        << " is out of range; a tensor has at most "
                        << kMaxElements << " elements and " << kMaxTensorRank
                        << " dimensions";
  tensor.numElements = *count;
  if (failed(checkPayload(tensor, folder, why)))
    return failure();
  return tensor;
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

static float convertHalf(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000) << 16;
  int exponent = (bits >> 10) & 31;
  uint32_t fraction = bits & 0x3ff;
  if (exponent == 31)
    return llvm::bit_cast<float>(sign | 0x7f800000 | (fraction << 13));
  float magnitude = exponent == 0
                        ? std::ldexp(float(fraction), -24)
                        : std::ldexp(float(fraction | 0x400), exponent - 25);
  return sign ? -magnitude : magnitude;
}

static float convertBFloat(uint16_t bits) {
  return llvm::bit_cast<float>(uint32_t(bits) << 16);
}

/// The stored bytes, or none if the elements are in a repeated field.
static FailureOr<std::optional<StringRef>>
getRawBytes(const Tensor &tensor, StringRef folder,
            std::unique_ptr<llvm::MemoryBuffer> &owner, std::string &why) {
  if (isExternal(tensor)) {
    int64_t stored = tensor.isSplat ? 1 : tensor.numElements;
    int64_t bytes = stored * getElementSize(tensor);
    FailureOr<std::unique_ptr<llvm::MemoryBuffer>> buffer =
        readExternalData(*tensor.proto, folder, bytes, why);
    if (failed(buffer))
      return failure();
    owner = std::move(*buffer);
    return std::optional<StringRef>(owner->getBuffer());
  }
  if (tensor.proto->has_raw_data())
    return std::optional<StringRef>(tensor.proto->raw_data());
  return std::optional<StringRef>();
}

/// Appends every element of little-endian `bytes`, converted.
template <typename Stored, typename Element, typename Convert>
static void appendRaw(StringRef bytes, std::vector<Element> &elements,
                      Convert convert) {
  for (size_t i = 0; i + sizeof(Stored) <= bytes.size(); i += sizeof(Stored))
    elements.push_back(
        convert(llvm::support::endian::read<Stored, llvm::endianness::little>(
            bytes.data() + i)));
}

template <typename Field, typename Element, typename Convert>
static void appendTyped(const Field &field, std::vector<Element> &elements,
                        Convert convert) {
  for (auto value : field)
    elements.push_back(convert(value));
}

static void appendFloats(const Tensor &tensor, std::optional<StringRef> raw,
                         std::vector<float> &elements) {
  auto keep = [](float value) { return value; };
  auto narrow = [](double value) { return static_cast<float>(value); };
  const TensorProto &proto = *tensor.proto;
  switch (tensor.elementType) {
  case TensorProto::FLOAT:
    return raw ? appendRaw<float>(*raw, elements, keep)
               : appendTyped(proto.float_data(), elements, keep);
  case TensorProto::DOUBLE:
    return raw ? appendRaw<double>(*raw, elements, narrow)
               : appendTyped(proto.double_data(), elements, narrow);
  case TensorProto::FLOAT16:
    return raw ? appendRaw<uint16_t>(*raw, elements, convertHalf)
               : appendTyped(proto.int32_data(), elements, convertHalf);
  default:
    return raw ? appendRaw<uint16_t>(*raw, elements, convertBFloat)
               : appendTyped(proto.int32_data(), elements, convertBFloat);
  }
}

FailureOr<std::vector<float>> qtc::onnx_import::readFloats(const Tensor &tensor,
                                                           StringRef folder,
                                                           std::string &why) {
  if (!tensor.isFloat())
    return Refusal(why) << "expected floats, but got "
                        << tensor.getElementTypeName();
  std::unique_ptr<llvm::MemoryBuffer> owner;
  FailureOr<std::optional<StringRef>> raw =
      getRawBytes(tensor, folder, owner, why);
  if (failed(raw))
    return failure();
  std::vector<float> elements;
  elements.reserve(tensor.isSplat ? 1 : tensor.numElements);
  appendFloats(tensor, *raw, elements);
  return elements;
}

LogicalResult qtc::onnx_import::checkFinite(llvm::ArrayRef<float> elements,
                                            std::string &why) {
  for (size_t i = 0; i < elements.size(); ++i)
    if (!std::isfinite(elements[i]))
      return Refusal(why) << "element " << i
                          << (std::isnan(elements[i])
                                  ? " is not a number"
                                  : " is infinite or too large for a float");
  return success();
}

static void appendIntegers(const Tensor &tensor, std::optional<StringRef> raw,
                           std::vector<int64_t> &elements) {
  auto keep = [](auto value) { return static_cast<int64_t>(value); };
  const TensorProto &proto = *tensor.proto;
  switch (tensor.elementType) {
  case TensorProto::INT64:
    return raw ? appendRaw<int64_t>(*raw, elements, keep)
               : appendTyped(proto.int64_data(), elements, keep);
  case TensorProto::UINT64:
    return raw ? appendRaw<uint64_t>(*raw, elements, keep)
               : appendTyped(proto.uint64_data(), elements, keep);
  case TensorProto::UINT32:
    return raw ? appendRaw<uint32_t>(*raw, elements, keep)
               : appendTyped(proto.uint64_data(), elements, keep);
  default:
    break;
  }
  if (!raw)
    return appendTyped(proto.int32_data(), elements, keep);
  switch (tensor.elementType) {
  case TensorProto::INT32:
    return appendRaw<int32_t>(*raw, elements, keep);
  case TensorProto::INT16:
    return appendRaw<int16_t>(*raw, elements, keep);
  case TensorProto::UINT16:
    return appendRaw<uint16_t>(*raw, elements, keep);
  case TensorProto::INT8:
    return appendRaw<int8_t>(*raw, elements, keep);
  default:
    return appendRaw<uint8_t>(*raw, elements, keep);
  }
}

FailureOr<std::vector<int64_t>>
qtc::onnx_import::readIntegers(const Tensor &tensor, StringRef folder,
                               std::string &why) {
  if (!tensor.isInteger())
    return Refusal(why) << "expected integers, but got "
                        << tensor.getElementTypeName();
  std::unique_ptr<llvm::MemoryBuffer> owner;
  FailureOr<std::optional<StringRef>> raw =
      getRawBytes(tensor, folder, owner, why);
  if (failed(raw))
    return failure();
  std::vector<int64_t> elements;
  elements.reserve(tensor.isSplat ? 1 : tensor.numElements);
  appendIntegers(tensor, *raw, elements);
  return elements;
}

void qtc::onnx_import::releaseData(const Tensor &tensor) {
  if (tensor.proto->has_raw_data())
    std::string().swap(*tensor.proto->mutable_raw_data());
}
