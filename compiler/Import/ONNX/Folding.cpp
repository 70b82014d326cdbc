//===- Folding.cpp - Nodes on constants -----------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Exporters write x.view(x.size(0), -1) as a chain of Shape, Gather, Unsqueeze
// and Concat, and a convolution without bias as one with zeros that Shape and
// Expand make. Nodes whose inputs are all constant are evaluated here; the
// batch stays symbolic in integers. A node that only moves a parameter
// (Transpose, Reshape, ...) is not: it stays a view of the parameter.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/Handlers.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include "onnx/onnx_pb.h"

#include <cmath>

using namespace mlir;
using namespace qtc;
using namespace qtc::onnx_import;
using onnx::TensorProto;

//===----------------------------------------------------------------------===//
// Integers, numbers or multiples of the batch
//===----------------------------------------------------------------------===//

/// Less than, equal to or greater than 0 as `a` is to `b`; none if that depends
/// on the batch.
static std::optional<int> compare(ShapeNumber a, ShapeNumber b) {
  // A multiple of the batch is at least as far from 0 as its factor.
  bool isKnown = a.timesBatch == b.timesBatch ||
                 (a.timesBatch ? a.value > 0 && b.value < a.value
                               : b.value > 0 && a.value < b.value);
  if (!isKnown)
    return std::nullopt;
  return a.value < b.value ? -1 : a.value > b.value;
}

static std::optional<ShapeNumber> multiply(ShapeNumber a, ShapeNumber b) {
  ShapeNumber result;
  if ((a.timesBatch && b.timesBatch) ||
      llvm::MulOverflow(a.value, b.value, result.value))
    return std::nullopt;
  result.timesBatch = (a.timesBatch || b.timesBatch) && result.value != 0;
  return result;
}

/// Division of integers truncates, as ONNX defines it.
static std::optional<ShapeNumber> divide(ShapeNumber a, ShapeNumber b) {
  bool overflows = b.value == 0 || (b.value == -1 && a.value == INT64_MIN);
  if (overflows || (b.timesBatch && !a.timesBatch))
    return std::nullopt;
  if ((a.timesBatch != b.timesBatch) && a.value % b.value != 0)
    return std::nullopt;
  return ShapeNumber{a.value / b.value, a.timesBatch && !b.timesBatch};
}

/// The remainder has the divisor's sign.
static std::optional<ShapeNumber> takeRemainder(ShapeNumber a, ShapeNumber b) {
  if (b.value == 0 || b.value == -1 || (b.timesBatch && !a.timesBatch))
    return std::nullopt;
  int64_t rest = a.value % b.value;
  if (a.timesBatch != b.timesBatch && rest != 0)
    return std::nullopt;
  if (rest != 0 && (rest < 0) != (b.value < 0))
    rest += b.value;
  return ShapeNumber{rest, b.timesBatch && rest != 0};
}

template <bool (*overflowing)(int64_t, int64_t, int64_t &)>
static std::optional<ShapeNumber> addUp(ShapeNumber a, ShapeNumber b) {
  // 0 is not a multiple of the batch, and the sum of both kinds is neither.
  if (a.timesBatch != b.timesBatch && a.value != 0 && b.value != 0)
    return std::nullopt;
  ShapeNumber result;
  if (overflowing(a.value, b.value, result.value))
    return std::nullopt;
  result.timesBatch = (a.timesBatch || b.timesBatch) && result.value != 0;
  return result;
}

static bool addOverflows(int64_t a, int64_t b, int64_t &sum) {
  return llvm::AddOverflow(a, b, sum);
}

static bool subtractOverflows(int64_t a, int64_t b, int64_t &difference) {
  return llvm::SubOverflow(a, b, difference);
}

static std::optional<ShapeNumber> raise(ShapeNumber base,
                                        ShapeNumber exponent) {
  constexpr int64_t kMost = 64;
  if (exponent.timesBatch || exponent.value < 0 || exponent.value > kMost)
    return std::nullopt;
  std::optional<ShapeNumber> result = ShapeNumber{1, false};
  for (int64_t i = 0; i < exponent.value && result; ++i)
    result = multiply(*result, base);
  return result;
}

template <bool (*test)(int)>
static std::optional<ShapeNumber> decide(ShapeNumber a, ShapeNumber b) {
  std::optional<int> order = compare(a, b);
  if (!order)
    return std::nullopt;
  return ShapeNumber{test(*order), false};
}

static bool isLess(int order) { return order < 0; }
static bool isAtMost(int order) { return order <= 0; }
static bool isEqual(int order) { return order == 0; }
static bool isAtLeast(int order) { return order >= 0; }
static bool isGreater(int order) { return order > 0; }

template <bool (*test)(int)>
static std::optional<ShapeNumber> select(ShapeNumber a, ShapeNumber b) {
  std::optional<int> order = compare(a, b);
  if (!order)
    return std::nullopt;
  return test(*order) ? a : b;
}

/// Unary functions take their operand twice.
static std::optional<ShapeNumber> negate(ShapeNumber a, ShapeNumber) {
  return multiply(a, {-1, false});
}

static std::optional<ShapeNumber> takeMagnitude(ShapeNumber a, ShapeNumber) {
  return a.value < 0 ? negate(a, a) : a;
}

static std::optional<ShapeNumber> invert(ShapeNumber a, ShapeNumber) {
  return ShapeNumber{a.value == 0, false};
}

//===----------------------------------------------------------------------===//
// Element by element
//===----------------------------------------------------------------------===//

namespace {
/// An operator on elements; without a function it has no meaning for the type.
struct Elementwise {
  StringLiteral name;
  std::optional<ShapeNumber> (*onIntegers)(ShapeNumber, ShapeNumber);
  double (*onFloats)(double, double);
  bool isUnary = false;
  bool yieldsBool = false;
};
} // namespace

static constexpr Elementwise kElementwise[] = {
    {"Add", addUp<addOverflows>, [](double a, double b) { return a + b; }},
    {"Sum", addUp<addOverflows>, [](double a, double b) { return a + b; }},
    {"Sub", addUp<subtractOverflows>, [](double a, double b) { return a - b; }},
    {"Mul", multiply, [](double a, double b) { return a * b; }},
    {"Div", divide, [](double a, double b) { return a / b; }},
    {"Mod", takeRemainder, nullptr},
    {"Pow", raise, [](double a, double b) { return std::pow(a, b); }},
    {"Min", select<isLess>, [](double a, double b) { return a < b ? a : b; }},
    {"Max", select<isGreater>,
     [](double a, double b) { return a > b ? a : b; }},
    {"Neg", negate, [](double a, double) { return -a; }, true},
    {"Abs", takeMagnitude, [](double a, double) { return std::abs(a); }, true},
    {"Floor", nullptr, [](double a, double) { return std::floor(a); }, true},
    {"Ceil", nullptr, [](double a, double) { return std::ceil(a); }, true},
    {"Sqrt", nullptr, [](double a, double) { return std::sqrt(a); }, true},
    {"Reciprocal", nullptr, [](double a, double) { return 1.0 / a; }, true},
    {"Not", invert, nullptr, true, true},
    {"And", select<isLess>, nullptr, false, true},
    {"Or", select<isGreater>, nullptr, false, true},
    {"Equal", decide<isEqual>,
     [](double a, double b) { return double(a == b); }, false, true},
    {"Less", decide<isLess>, [](double a, double b) { return double(a < b); },
     false, true},
    {"LessOrEqual", decide<isAtMost>,
     [](double a, double b) { return double(a <= b); }, false, true},
    {"Greater", decide<isGreater>,
     [](double a, double b) { return double(a > b); }, false, true},
    {"GreaterOrEqual", decide<isAtLeast>,
     [](double a, double b) { return double(a >= b); }, false, true},
};

static const Elementwise &getElementwise(StringRef name) {
  return *llvm::find_if(kElementwise,
                        [&](auto &entry) { return entry.name == name; });
}

/// The shape that `a` and `b` are both broadcast to.
static FailureOr<Shape> broadcast(NodeContext &node, Shape a, Shape b) {
  if (a.size() < b.size())
    std::swap(a, b);
  size_t offset = a.size() - b.size();
  for (size_t dim = 0; dim < b.size(); ++dim) {
    int64_t &extent = a[offset + dim];
    if (extent != b[dim] && extent != 1 && b[dim] != 1)
      return node.refuse() << "expected shapes that can be broadcast, but got "
                           << formatShape(a) << " and " << formatShape(b);
    extent = extent == 1 ? b[dim] : extent;
  }
  return a;
}

/// `array` broadcast to `shape`, which it fits, with all elements stored.
static FailureOr<ConstantArray>
expand(NodeContext &node, const ConstantArray &array, ArrayRef<int64_t> shape) {
  FailureOr<int64_t> count = node.takeElements(shape, /*isSplat=*/false);
  if (failed(count))
    return failure();
  ConstantArray result = rearrange(array, makeExpansion(array.shape, shape));
  if (!result.isSplat)
    return result;
  result.isSplat = false;
  if (array.isFloat())
    result.floats.assign(*count, array.floats.front());
  else
    result.integers.assign(*count, array.integers.front());
  return result;
}

/// `array` broadcast to `shape`, which it fits; one number stays one.
static FailureOr<ConstantArray> broadcastTo(NodeContext &node,
                                            const ConstantArray &array,
                                            ArrayRef<int64_t> shape) {
  if (failed(node.takeElements(shape, array.hasOneValue())))
    return failure();
  return rearrange(array, makeExpansion(array.shape, shape));
}

/// Refuses integers that `node` gives no number for.
static LogicalResult refuseNumbers(NodeContext &node, const ShapeNumber &left,
                                   const ShapeNumber &right) {
  if (left.timesBatch || right.timesBatch)
    return node.refuse() << "the result depends on the batch";
  bool isDivision = node.getOpType() == "Div" || node.getOpType() == "Mod";
  return node.refuse() << (isDivision && right.value == 0
                               ? "a divisor is 0"
                               : "the result is out of range");
}

/// Combines arrays whose stored elements correspond.
static LogicalResult combine(NodeContext &node, const Elementwise &function,
                             ConstantArray &left, const ConstantArray &right) {
  int type = function.yieldsBool ? int(TensorProto::BOOL) : left.elementType;
  if (left.isFloat() ? !function.onFloats : !function.onIntegers)
    return node.refuse() << "the operator has no meaning for "
                         << (left.isFloat() ? "floats" : "integers");
  if (left.isFloat()) {
    for (auto [a, b] : llvm::zip(left.floats, right.floats))
      a = static_cast<float>(function.onFloats(a, b));
    if (function.yieldsBool) {
      for (double value : left.floats)
        left.integers.push_back({value != 0.0, /*timesBatch=*/false});
      left.floats.clear();
    }
  } else {
    for (auto [a, b] : llvm::zip(left.integers, right.integers)) {
      std::optional<ShapeNumber> number = function.onIntegers(a, b);
      if (!number || !fitsType(type, number->value))
        return refuseNumbers(node, a, b);
      a = *number;
    }
  }
  left.elementType = type;
  return success();
}

/// left = function(left, right), broadcast.
static LogicalResult apply(NodeContext &node, const Elementwise &function,
                           ConstantArray &left, const ConstantArray &right) {
  if (left.isFloat() != right.isFloat())
    return node.refuse() << "expected operands of one type";
  FailureOr<Shape> shape = broadcast(node, left.shape, right.shape);
  if (failed(shape))
    return failure();
  bool isOne = left.hasOneValue() && right.hasOneValue();
  auto fit = isOne ? broadcastTo : expand;
  FailureOr<ConstantArray> a = fit(node, left, *shape);
  if (failed(a))
    return failure();
  left = std::move(*a);
  FailureOr<ConstantArray> b = fit(node, right, *shape);
  return failed(b) ? failure() : combine(node, function, left, *b);
}

LogicalResult qtc::onnx_import::foldElementwise(NodeContext &node) {
  const Elementwise &function = getElementwise(node.getOpType());
  int64_t fmod = 0;
  if (node.getOpType() == "Mod" && failed(node.read("fmod", fmod)))
    return failure();
  if (fmod != 0)
    return node.refuse() << "expected 0 for attribute 'fmod', but got " << fmod;
  FailureOr<ConstantArray> result = node.getArray(0);
  if (failed(result))
    return failure();
  if (function.isUnary) {
    ConstantArray copy = *result;
    if (failed(combine(node, function, *result, copy)))
      return failure();
  }
  for (unsigned i = 1, e = node.getNumInputs(); i < e; ++i) {
    FailureOr<ConstantArray> operand = node.getArray(i);
    if (failed(operand) || failed(apply(node, function, *result, *operand)))
      return failure();
  }
  return node.setArray(std::move(*result));
}

LogicalResult qtc::onnx_import::foldWhere(NodeContext &node) {
  FailureOr<ConstantArray> condition = node.getArray(0), left = failure(),
                           right = failure();
  if (failed(condition) || failed(left = node.getArray(1)) ||
      failed(right = node.getArray(2)))
    return failure();
  if (condition->isFloat() || left->isFloat() != right->isFloat())
    return node.refuse() << "expected a condition, and operands of one type";
  FailureOr<Shape> shape = broadcast(node, left->shape, right->shape);
  if (succeeded(shape))
    shape = broadcast(node, *shape, condition->shape);
  if (failed(shape) || failed(condition = expand(node, *condition, *shape)) ||
      failed(left = expand(node, *left, *shape)) ||
      failed(right = expand(node, *right, *shape)))
    return failure();
  for (auto [i, choice] : llvm::enumerate(condition->integers)) {
    if (choice.value != 0)
      continue;
    if (left->isFloat())
      left->floats[i] = right->floats[i];
    else
      left->integers[i] = right->integers[i];
  }
  return node.setArray(std::move(*left));
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// The function that a reduction repeats.
static const Elementwise &getReduced(StringRef name) {
  name.consume_front("Reduce");
  return getElementwise(name == "Prod" ? "Mul" : name == "Mean" ? "Sum" : name);
}

LogicalResult qtc::onnx_import::foldReduction(NodeContext &node) {
  FailureOr<ConstantArray> array = node.getArray(0);
  if (failed(array) || failed(array = expand(node, *array, array->shape)))
    return failure();
  int64_t keepDims = 1, rank = array->shape.size();
  FailureOr<std::optional<Shape>> axes = readReducedAxes(node, rank);
  if (failed(axes) || failed(node.read("keepdims", keepDims)))
    return failure();
  if (!*axes)
    *axes = llvm::to_vector<4>(llvm::seq<int64_t>(0, rank));
  // The kept dimensions come first, so that rows are reduced.
  Shape permutation, result;
  int64_t rows = 1;
  for (int64_t dim = 0; dim < rank; ++dim) {
    bool isReduced = llvm::is_contained(**axes, dim);
    if (!isReduced) {
      permutation.push_back(dim);
      rows *= array->shape[dim];
    }
    if (!isReduced || keepDims != 0)
      result.push_back(isReduced ? 1 : array->shape[dim]);
  }
  llvm::append_range(permutation, **axes);
  int64_t count = array->getStoredCount();
  if (rows == 0 || count == 0)
    return node.refuse() << "a reduction of no elements is not supported";
  if (failed(node.takeElements({count, 2}, /*isSplat=*/false)))
    return failure();
  ConstantArray sorted =
      rearrange(*array, makeTranspose(array->shape, permutation));
  auto takeColumn = [&](int64_t column) {
    return rearrange(sorted, {result, {{rows, column, count / rows}}});
  };
  ConstantArray total = takeColumn(0);
  for (int64_t column = 1; column < count / rows; ++column)
    if (failed(combine(node, getReduced(node.getOpType()), total,
                       takeColumn(column))))
      return failure();
  if (node.getOpType() == "ReduceMean") {
    if (!total.isFloat())
      return node.refuse() << "a mean of integers is not supported";
    for (double &value : total.floats)
      value = static_cast<float>(value / static_cast<double>(count / rows));
  }
  return node.setArray(std::move(total));
}

//===----------------------------------------------------------------------===//
// Rearrangements
//===----------------------------------------------------------------------===//

/// Sets input 0, rearranged.
static LogicalResult setRearranged(NodeContext &node,
                                   const ConstantArray &array,
                                   const Rearrangement &rearrangement) {
  if (failed(node.takeElements(rearrangement.shape, array.hasOneValue())))
    return failure();
  return node.setArray(rearrange(array, rearrangement));
}

LogicalResult qtc::onnx_import::foldTranspose(NodeContext &node,
                                              ArrayRef<int64_t> permutation) {
  FailureOr<ConstantArray> array = node.getArray(0);
  if (failed(array))
    return failure();
  return setRearranged(node, *array, makeTranspose(array->shape, permutation));
}

LogicalResult qtc::onnx_import::foldExpand(NodeContext &node) {
  FailureOr<ConstantArray> array = node.getArray(0);
  FailureOr<Shape> target = failure();
  if (failed(array) || failed(target = node.getIntegers(1)) ||
      failed(target = broadcast(node, array->shape, *target)))
    return failure();
  FailureOr<ConstantArray> result = broadcastTo(node, *array, *target);
  return failed(result) ? failure() : node.setArray(std::move(*result));
}

LogicalResult qtc::onnx_import::foldTile(NodeContext &node) {
  FailureOr<ConstantArray> array = node.getArray(0);
  FailureOr<Shape> repeats = failure();
  if (failed(array) || failed(repeats = node.getIntegers(1)))
    return failure();
  if (repeats->size() != array->shape.size())
    return node.refuse() << "expected " << array->shape.size()
                         << " repeats, but got " << repeats->size();
  Rearrangement tiled;
  Shape strides = getStrides(array->shape);
  for (auto [extent, repeat, stride] :
       llvm::zip(array->shape, *repeats, strides)) {
    int64_t count = 0;
    if (repeat < 0 || llvm::MulOverflow(extent, repeat, count))
      return node.refuse() << "repeating " << repeat
                           << " times is out of range";
    tiled.shape.push_back(count);
    tiled.axes.push_back({count, 0, stride, extent});
  }
  return setRearranged(node, *array, tiled);
}

/// One list of Slice: attribute `name` before operator set 10, else an input.
/// `list` stays as it is if there is none.
static LogicalResult readSliceList(NodeContext &node, StringRef name,
                                   unsigned index, Shape &list) {
  if (node.getOpset() < 10)
    return node.read(name, list);
  if (!node.hasInput(index))
    return success();
  FailureOr<Shape> input = node.getIntegers(index);
  if (succeeded(input))
    list = *input;
  return failure(failed(input));
}

/// Positions from `start` to `end` of `extent` as a loop, ends clamped.
static Rearrangement::Axis makeSlice(int64_t start, int64_t end, int64_t step,
                                     int64_t extent) {
  auto clamp = [&](int64_t position) {
    position = position < 0 ? position + extent : position;
    return step > 0 ? std::clamp<int64_t>(position, 0, extent)
                    : std::clamp<int64_t>(position, -1, extent - 1);
  };
  start = clamp(start);
  end = clamp(end);
  int64_t span = step > 0 ? end - start : start - end;
  uint64_t width = step > 0 ? uint64_t(step) : 0 - uint64_t(step);
  int64_t count = span <= 0 ? 0 : int64_t((uint64_t(span) - 1) / width) + 1;
  return {count, start, count > 1 ? step : 0};
}

LogicalResult qtc::onnx_import::foldSlice(NodeContext &node) {
  FailureOr<ConstantArray> array = node.getArray(0);
  Shape starts, ends, axes, steps;
  if (failed(array) || failed(readSliceList(node, "starts", 1, starts)) ||
      failed(readSliceList(node, "ends", 2, ends)))
    return failure();
  axes = llvm::to_vector<4>(llvm::seq<int64_t>(0, starts.size()));
  steps.assign(starts.size(), 1);
  if (failed(readSliceList(node, "axes", 3, axes)) ||
      failed(readSliceList(node, "steps", 4, steps)))
    return failure();
  if (starts.size() != ends.size() || starts.size() != axes.size() ||
      starts.size() != steps.size())
    return node.refuse() << "expected lists of one length";
  Rearrangement sliced = makeExpansion(array->shape, array->shape);
  for (auto [start, end, axis, step] : llvm::zip(starts, ends, axes, steps)) {
    FailureOr<int64_t> dim = node.normalizeAxis(axis, array->shape.size());
    if (failed(dim))
      return failure();
    if (step == 0)
      return node.refuse() << "expected a step other than 0";
    Rearrangement::Axis slice = makeSlice(start, end, step, array->shape[*dim]);
    int64_t stride = getStrides(array->shape)[*dim];
    sliced.shape[*dim] = slice.count;
    sliced.axes[*dim] = {slice.count, slice.start * stride,
                         slice.step * stride};
  }
  return setRearranged(node, *array, sliced);
}

/// `index` counted from the front of `extent` entries.
static FailureOr<int64_t> normalizeIndex(NodeContext &node, int64_t index,
                                         int64_t extent) {
  if (index < -extent || index >= extent)
    return node.refuse() << "index " << index << " is out of range for "
                         << extent << " entries";
  return index < 0 ? index + extent : index;
}

LogicalResult qtc::onnx_import::foldGather(NodeContext &node) {
  FailureOr<ConstantArray> array = node.getArray(0);
  FailureOr<Shape> indices = failure();
  int64_t axis = 0;
  if (failed(array) || failed(indices = node.getIntegers(1)) ||
      failed(node.read("axis", axis)))
    return failure();
  FailureOr<int64_t> dim = node.normalizeAxis(axis, array->shape.size());
  if (failed(dim))
    return failure();
  int64_t extent = array->shape[*dim], stride = getStrides(array->shape)[*dim];
  Rearrangement gathered = makeExpansion(array->shape, array->shape);
  Rearrangement::Axis &along = gathered.axes[*dim];
  along.count = indices->size();
  for (int64_t index : *indices) {
    FailureOr<int64_t> position = normalizeIndex(node, index, extent);
    if (failed(position))
      return failure();
    along.positions.push_back(*position * stride);
  }
  Shape inserted = node.getInput(1).getShape();
  gathered.shape.erase(gathered.shape.begin() + *dim);
  gathered.shape.insert(gathered.shape.begin() + *dim, inserted.begin(),
                        inserted.end());
  return setRearranged(node, *array, gathered);
}

LogicalResult qtc::onnx_import::foldGatherND(NodeContext &node) {
  FailureOr<ConstantArray> array = node.getArray(0);
  FailureOr<Shape> indices = failure();
  int64_t batchDims = 0;
  if (failed(array) || failed(indices = node.getIntegers(1)) ||
      failed(node.read("batch_dims", batchDims)))
    return failure();
  Shape shape = node.getInput(1).getShape();
  if (batchDims != 0)
    return node.refuse() << "expected 0 for attribute 'batch_dims', but got "
                         << batchDims;
  size_t depth = shape.empty() ? 0 : shape.back();
  if (depth < 1 || depth > array->shape.size())
    return node.refuse() << "indices of shape " << formatShape(shape)
                         << " do not fit data of shape "
                         << formatShape(array->shape);
  // The tuples of indices form one axis; the remaining dimensions follow.
  Shape strides = getStrides(array->shape);
  Rearrangement gathered = makeExpansion(array->shape, array->shape);
  gathered.axes.erase(gathered.axes.begin(), gathered.axes.begin() + depth);
  Rearrangement::Axis tuples;
  for (size_t i = 0; i < indices->size(); i += depth) {
    int64_t position = 0;
    for (size_t dim = 0; dim < depth; ++dim) {
      FailureOr<int64_t> index =
          normalizeIndex(node, (*indices)[i + dim], array->shape[dim]);
      if (failed(index))
        return failure();
      position += *index * strides[dim];
    }
    tuples.positions.push_back(position);
  }
  tuples.count = tuples.positions.size();
  gathered.axes.insert(gathered.axes.begin(), tuples);
  gathered.shape.assign(shape.begin(), shape.end() - 1);
  gathered.shape.append(array->shape.begin() + depth, array->shape.end());
  return setRearranged(node, *array, gathered);
}

//===----------------------------------------------------------------------===//
// Others
//===----------------------------------------------------------------------===//

/// Appends `count` elements from `begin` on.
template <typename Element>
static void appendRun(std::vector<Element> &to,
                      const std::vector<Element> &from, int64_t begin,
                      int64_t count) {
  if (!from.empty())
    to.insert(to.end(), from.begin() + begin, from.begin() + begin + count);
}

LogicalResult qtc::onnx_import::foldConcat(NodeContext &node) {
  int64_t axis = 0;
  if (failed(node.read("axis", axis)))
    return failure();
  SmallVector<ConstantArray> parts;
  ConstantArray result;
  FailureOr<int64_t> dim = failure();
  for (unsigned i = 0, e = node.getNumInputs(); i < e; ++i) {
    if (!node.hasInput(i))
      return node.refuse() << "input " << i << " is missing";
    FailureOr<ConstantArray> part = node.getArray(i);
    if (failed(part) || failed(part = expand(node, *part, part->shape)))
      return failure();
    Shape shape = part->shape;
    if (i == 0) {
      if (failed(dim = node.normalizeAxis(axis, shape.size())))
        return failure();
      result.elementType = part->elementType;
      result.shape = shape;
    } else {
      Shape expected = result.shape;
      if (shape.size() == expected.size())
        expected[*dim] = shape[*dim];
      if (shape != expected || part->isFloat() != result.isFloat())
        return node.refuse()
               << "expected inputs that differ in dimension " << *dim
               << " only, but got " << formatShape(result.shape) << " and "
               << formatShape(shape);
      result.shape[*dim] += shape[*dim];
    }
    parts.push_back(std::move(*part));
  }
  if (failed(node.takeElements(result.shape, /*isSplat=*/false)))
    return failure();
  int64_t rows =
      ShapedType::getNumElements(ArrayRef(result.shape).take_front(*dim));
  for (int64_t row = 0; row < rows; ++row)
    for (const ConstantArray &part : parts) {
      int64_t run = part.getStoredCount() / rows;
      appendRun(result.floats, part.floats, row * run, run);
      appendRun(result.integers, part.integers, row * run, run);
    }
  return node.setArray(std::move(result));
}

LogicalResult qtc::onnx_import::foldRange(NodeContext &node) {
  ConstantArray result;
  double bounds[3];
  for (unsigned i : {0u, 1u, 2u}) {
    FailureOr<ConstantArray> array = node.getArray(i);
    FailureOr<double> bound = failure();
    if (failed(array) || failed(bound = node.getScalar(i)))
      return failure();
    bounds[i] = *bound;
    result.elementType = array->elementType;
  }
  auto [start, limit, delta] = bounds;
  if (delta == 0)
    return node.refuse() << "the step of the range is 0";
  double count = std::max(0.0, std::ceil((limit - start) / delta));
  // Sums of these are exact in double as long as integers fit 53 bits.
  if (!(count <= double(kMaxFoldedElements)) ||
      !(std::abs(start) + std::abs(limit) + std::abs(delta) < 0x1p52))
    return node.refuse() << "the range has too many elements";
  result.shape = {static_cast<int64_t>(count)};
  if (failed(node.takeElements(result.shape, /*isSplat=*/false)))
    return failure();
  for (int64_t i = 0; i < result.shape[0]; ++i) {
    double value = start + static_cast<double>(i) * delta;
    if (result.isFloat())
      result.floats.push_back(static_cast<float>(value));
    else
      result.integers.push_back({static_cast<int64_t>(value), false});
  }
  return node.setArray(std::move(result));
}

LogicalResult qtc::onnx_import::foldCast(NodeContext &node, int elementType) {
  FailureOr<ConstantArray> array = node.getArray(0);
  if (failed(array))
    return failure();
  bool wasFloat = array->isFloat();
  array->elementType = elementType;
  bool toBool = elementType == TensorProto::BOOL;
  auto refuseRange = [&]() -> LogicalResult {
    return node.refuse() << "an element is out of the range of its new type";
  };
  if (wasFloat && !array->isFloat()) {
    for (double value : std::exchange(array->floats, {})) {
      if (!(std::abs(value) < 0x1p62))
        return refuseRange();
      array->integers.push_back(
          {toBool ? value != 0.0 : static_cast<int64_t>(value), false});
    }
  } else if (!wasFloat && array->isFloat()) {
    for (ShapeNumber number : std::exchange(array->integers, {})) {
      if (number.timesBatch)
        return node.refuse() << "input 0 depends on the batch";
      array->floats.push_back(static_cast<float>(number.value));
    }
  }
  for (ShapeNumber &number : array->integers) {
    if (toBool)
      number = {number.value != 0, false};
    if (!fitsType(elementType, number.value))
      return refuseRange();
  }
  return node.setArray(std::move(*array));
}
