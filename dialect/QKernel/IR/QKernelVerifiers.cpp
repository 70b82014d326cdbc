//===- QKernelVerifiers.cpp - Constraints that ODS cannot express ---------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QKernel/IR/QKernel.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<ShapedType>(value.getType()).getShape();
}

LogicalResult qtc::qkernel::detail::verifyOneMemory(Operation *op) {
  auto isTensor = [](Value value) { return isa<TensorType>(value.getType()); };
  auto isBuffer = [](Value value) { return isa<MemRefType>(value.getType()); };
  for (Value operand : op->getOperands())
    if (auto tensor = dyn_cast<RankedTensorType>(operand.getType());
        tensor && tensor.getEncoding())
      return op->emitOpError() << "expected no encoding, but got " << tensor;
  if (llvm::any_of(op->getOperands(), isTensor) &&
      llvm::any_of(op->getOperands(), isBuffer))
    return op->emitOpError("expected tensors or buffers, but got both");
  return success();
}

static LogicalResult expectShape(Operation *op, StringRef what, Value value,
                                 ArrayRef<int64_t> expected) {
  if (shapeOf(value) == expected)
    return success();
  return op->emitOpError() << "expected " << what << " of shape [" << expected
                           << "], but got [" << shapeOf(value) << "]";
}

/// Checks that `value`, if there is one, is a single number.
static LogicalResult expectNumber(Operation *op, StringRef what, Value value) {
  return value ? expectShape(op, what, value, {}) : success();
}

static bool isFloat(Value value) {
  return isa<FloatType>(getElementTypeOrSelf(value));
}

/// Checks that all operands are integers or all are floats.
static LogicalResult expectOneKind(Operation *op) {
  auto operands = op->getOperands();
  if (llvm::all_of(operands, isFloat) || llvm::none_of(operands, isFloat))
    return success();
  return op->emitOpError("expected operands of integers or of f32, but got "
                         "both");
}

/// Number of elements in a step of a contraction.
static int64_t getStepDepth(Value factors) { return isFloat(factors) ? 1 : 4; }

bool qtc::qkernel::supportsDirect(Value weights, int64_t group) {
  // The limits of the direct lowering: vectors of channels, their shuffles and
  // the unrolled rows of a kernel.
  constexpr int64_t minChannels = 8, maxWidth = 11, maxArea = 128;
  ArrayRef<int64_t> w = shapeOf(weights);
  int64_t multiplier = w[0] / group;
  return !isFloat(weights) && group >= minChannels && w[1] == 1 &&
         (multiplier == 1 || multiplier == 2 || multiplier == 4) &&
         w[3] <= maxWidth && w[2] * w[3] <= maxArea;
}

template <typename OpTy> static LogicalResult verifyConvolution(OpTy op) {
  if (failed(expectNumber(op, "maximum", op.getMaximum())))
    return failure();
  qtrain::WindowAttr window = op.getWindow();
  int64_t group = op.getGroup();
  ArrayRef<int64_t> x = shapeOf(op.getInput()), w = shapeOf(op.getWeight());
  if (x.size() != 4 || w.size() != 4)
    return op.emitOpError("expected activations and weights of rank 4");
  if (w.drop_front(2) != window.getKernel() || group < 1 || w[0] % group != 0 ||
      x[3] % group != 0 || x[3] / group != w[1])
    return op.emitOpError() << "expected weights that fit " << window
                            << ", but got [" << w << "]";
  if (op.getDirect() &&
      (op.hasWideSums() || !supportsDirect(op.getWeight(), group))) // C2
    return op.emitOpError() << "expected no direct kernel for weights [" << w
                            << "] in " << group << " groups";
  if (failed(expectOneKind(op))) // C3
    return failure();
  if (isFloat(op.getSums()) &&
      (op.getNonnegative() || op.getSaturate() || op.getDirect())) // C3
    return op.emitOpError("expected neither nonnegative, saturate nor direct "
                          "for floats");
  if (failed(expectShape(op, "output", op.getOutput(),
                         {x[0], window.getOutputExtent(0, x[1]),
                          window.getOutputExtent(1, x[2]), w[0]})))
    return failure();
  int64_t sums = ShapedType::getNumElements(shapeOf(op.getOutput()));
  int64_t length = w[1] * w[2] * w[3];
  // Merged groups multiply as many zeros as there are outputs, at most.
  if (!qtrain::isCountable(sums, length) ||
      !qtrain::isCountable(sums * length, w[0])) // C4
    return op.emitOpError() << "expected fewer than 2^63 products, but got "
                            << sums << " sums of " << length;
  return success();
}

LogicalResult Conv2DOp::verify() {
  if (getBias() && failed(expectShape(*this, "bias", getBias(),
                                      shapeOf(getWeight()).take_front())))
    return failure();
  return verifyConvolution(*this);
}

LogicalResult Conv2DInputGradientOp::verify() {
  return verifyConvolution(*this);
}

LogicalResult Conv2DWeightGradientOp::verify() {
  if (getDirect() && getMaximum())
    return emitOpError("expected no maximum of a direct gradient");
  return verifyConvolution(*this);
}

LogicalResult PackActivationOp::verify() {
  ArrayRef<int64_t> x = shapeOf(getInput());
  ArrayRef<int64_t> pads = getPads(), dilation = getDilation();
  int64_t interleave = getInterleave();
  constexpr int64_t kMaxDistance = 1 << 22;
  auto isIn = [](ArrayRef<int64_t> values, int64_t low) {
    return llvm::all_of(values, [=](int64_t value) {
      return low <= value && value <= kMaxDistance;
    });
  };
  if (x.size() != 4 || pads.size() != 4 || dilation.size() != 2 ||
      (interleave != 1 && interleave != 4) ||
      static_cast<int64_t>(getChannels()) < x[3] || !isIn(pads, 0) ||
      !isIn(dilation, 1) || static_cast<int64_t>(getBlock()) < 1 ||
      getChannels() % getBlock() != 0)
    return emitOpError("expected an image of rank 4, 4 pads, 2 dilations, an "
                       "interleave of 1 or 4, room for all channels and a "
                       "block that divides them");
  if (failed(expectOneKind(*this))) // C2
    return failure();
  if (isFloat(getInput()) && (interleave != 1 || getOffset())) // C2
    return emitOpError(
        "expected neither an interleave nor an offset for floats");
  int64_t images = (x[0] + interleave - 1) / interleave * interleave;
  int64_t height = (x[1] - 1) * dilation[0] + 1 + pads[0] + pads[2];
  int64_t width = (x[2] - 1) * dilation[1] + 1 + pads[1] + pads[3];
  uint64_t elements = 1;
  for (int64_t extent :
       {images, height, width, static_cast<int64_t>(getChannels())})
    elements = llvm::SaturatingMultiply<uint64_t>(elements, extent);
  ArrayRef<int64_t> out = shapeOf(getPacked());
  if (out.size() != 1 || static_cast<uint64_t>(out[0]) < elements) // C1
    return emitOpError() << "expected " << elements
                         << " elements or more, but got [" << out << "]";
  return success();
}

/// Numbers of columns of a packing and of elements per column, with all runs
/// padded to `depth`.
static std::pair<int64_t, int64_t>
getPackedSize(WeightOrder order, ArrayRef<int64_t> w, int64_t depth) {
  int64_t outputs = w[0], inputs = w[1], height = w[2], width = w[3];
  switch (order) {
  case WeightOrder::ForwardImage:
    return {outputs, llvm::alignTo(height * width * inputs, depth)};
  case WeightOrder::ForwardMerged:
    return {outputs, height * llvm::alignTo(width * inputs, depth)};
  case WeightOrder::Forward:
    return {outputs, height * width * llvm::alignTo(inputs, depth)};
  case WeightOrder::Flipped:
    return {inputs, height * width * llvm::alignTo(outputs, depth)};
  case WeightOrder::Pointwise:
    return {height * width * inputs, llvm::alignTo(outputs, depth)};
  }
  llvm_unreachable("all orders are handled");
}

LogicalResult PackWeightOp::verify() {
  ArrayRef<int64_t> w = shapeOf(getWeight());
  if (w.size() != 4) // C1
    return emitOpError("expected weights of rank 4");
  constexpr int64_t kMaxPanel = 1 << 10;
  int64_t panel = getPanel();
  if (panel < 1 || panel > kMaxPanel)
    return emitOpError() << "expected a panel of 1 to " << kMaxPanel
                         << " columns, but got " << panel;
  int64_t group = getGroup();
  if (group < 1 || w[0] % group != 0)
    return emitOpError() << "expected groups that divide " << w[0]
                         << " outputs, but got " << group;
  ArrayRef<int64_t> classes = getClasses();
  auto isClass = [](int64_t count) { return 1 <= count && count <= 1 << 10; };
  if (classes.size() != 2 || !llvm::all_of(classes, isClass))
    return emitOpError("expected two numbers of classes from 1 to 1024");
  bool hasPositions =
      getOrder() == WeightOrder::Forward || getOrder() == WeightOrder::Flipped;
  if (!hasPositions && classes[0] * classes[1] != 1)
    return emitOpError("expected one class for an order that merges positions");
  bool hasFloats = isFloat(getWeight());
  if (getElementTypeOrSelf(getPacked()) != getElementTypeOrSelf(getWeight()) ||
      (hasFloats && getCorrections())) // C2
    return emitOpError("expected packed elements of the weights' type, and no "
                       "corrections for floats");
  auto [columns, elements] = getPackedSize(
      getOrder(), {w[0] / group, w[1], w[2], w[3]}, getStepDepth(getWeight()));
  int64_t padded = group * llvm::alignTo(columns, panel);
  if (!qtrain::isCountable(padded, elements) ||
      !qtrain::isCountable(padded, classes[0] * classes[1]))
    return emitOpError("expected fewer than 2^63 packed elements");
  int64_t needed = padded * elements;
  int64_t available = cast<ShapedType>(getPacked().getType()).getNumElements();
  if (available < needed) // C1
    return emitOpError() << "expected " << needed
                         << " elements or more, but got " << available;
  int64_t sums = padded * classes[0] * classes[1];
  if (getCorrections() &&
      cast<ShapedType>(getCorrections().getType()).getNumElements() <
          sums) // C1
    return emitOpError() << "expected " << sums
                         << " corrections or more, but got "
                         << getCorrections().getType();
  return success();
}

/// Checks that the operands contain the last elements that a contraction reads
/// and writes.
static LogicalResult verifyAddresses(ContractOp op, ContractionAttr c) {
  using Operand = ContractionAttr::Operand;
  int64_t ends[4], lastGroup = c.getGroups() - 1;
  for (Operand operand :
       {Operand::A, Operand::B, Operand::Start, Operand::Result})
    ends[operand] =
        c.getOffset(operand) + lastGroup * c.getGroupStride(operand);
  int64_t &endA = ends[Operand::A], &endB = ends[Operand::B];
  ends[Operand::Start] += c.getColumns();
  ends[Operand::Result] += c.getColumns();
  for (auto [extent, stride, resultStride] :
       llvm::zip(c.getRows(), c.getRowStrides(), c.getAllResultStrides())) {
    endA += (extent - 1) * stride;
    ends[Operand::Result] += (extent - 1) * resultStride;
  }
  ends[Operand::Result] +=
      (c.getSplits() - 1) * c.getRowCount() * c.getColumns() * c.getGroups();
  for (auto [extent, strideA, strideB] :
       llvm::zip(c.getSteps(), c.getAStrides(), c.getBStrides())) {
    endA += (extent - 1) * strideA;
    endB += (extent - 1) * strideB;
  }
  int64_t lastPanel = (c.getColumns() - 1) / c.getPanel();
  endA += op.getDepth();
  endB += lastPanel * c.getPanelStride() +
          (c.getColumns() - lastPanel * c.getPanel()) * op.getDepth();
  if (c.getStepCount() == 0)
    endA = endB = 0;
  SmallVector<Value> operands = {op.getA(), op.getB(), op.getStart(),
                                 op.getAccumulators()};
  for (auto [operand, end] : llvm::zip_equal(operands, ends)) {
    if (!operand)
      continue;
    auto type = cast<ShapedType>(operand.getType());
    if (type.getNumElements() < end) // C1
      return op.emitOpError()
             << "expected operands large enough for all addresses, " << end
             << " elements, but got " << type;
  }
  return success();
}

int64_t ContractOp::getDepth() { return getStepDepth(getA()); }

SmallVector<ContractionAttr> ContractOp::getContractions() {
  SmallVector<ContractionAttr> contractions = {getContraction()};
  if (std::optional<ArrayAttr> phases = getPhases())
    llvm::append_range(contractions, phases->getAsRange<ContractionAttr>());
  return contractions;
}

LogicalResult ContractOp::verify() {
  if (failed(expectNumber(*this, "maximum", getMaximum())) ||
      failed(expectNumber(*this, "shift", getShift())))
    return failure();
  if (failed(expectOneKind(*this))) // C3
    return failure();
  auto accumulators = cast<ShapedType>(getAccumulators().getType());
  if (accumulators.getElementType().isInteger(16) != isNarrow() ||
      (isNarrow() && !getMaximum())) // C2
    return emitOpError("expected accumulators of 16 bits with a maximum and a "
                       "shift, or of 32 bits without a shift");
  int64_t elements = accumulators.getNumElements();
  int64_t sums = 0;
  for (ContractionAttr contraction : getContractions()) {
    sums += contraction.getSplits() * contraction.getRowCount() *
            contraction.getColumns() * contraction.getGroups();
    if (contraction.getSplits() > 1 && (getBias() || getMaximum())) // C1
      return emitOpError(
          "expected neither a bias nor a maximum for partial sums");
  }
  if (elements != sums) // C1
    return emitOpError() << "expected " << sums << " accumulators, but got "
                         << elements;
  for (ContractionAttr contraction : getContractions())
    if (failed(verifyAddresses(*this, contraction)))
      return failure();
  return success();
}

LogicalResult UnpackWeightOp::verify() {
  ArrayRef<int64_t> sums = shapeOf(getParts());
  if (sums.size() != 5)
    return emitOpError("expected partial sums of rank 5");
  if (failed(expectOneKind(*this))) // C2
    return failure();
  if (getSaturate() && !getElementTypeOrSelf(getWeight()).isInteger(32)) // C3
    return emitOpError("expected 32-bit integers for saturate");
  if (getErrorSums()) {
    if (!getSaturate()) // C3
      return emitOpError("expected saturate for sums of errors");
    if (failed(expectShape(*this, "sums of errors", getErrorSums(),
                           {sums[4]}))) // C1
      return failure();
  }
  return expectShape(*this, "weights", getWeight(),
                     {sums[4], sums[3], sums[1], sums[2]}); // C1
}

/// The largest magnitude of `expr` and of its parts, for dimensions below
/// `extents`; 2^64 − 1 of a division by a number below 1.
static uint64_t getReach(AffineExpr expr, ArrayRef<int64_t> extents) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return extents[dim.getPosition()];
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    int64_t value = constant.getValue();
    return value < 0 ? -static_cast<uint64_t>(value) : value;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return UINT64_MAX;
  uint64_t lhs = getReach(binary.getLHS(), extents);
  uint64_t rhs = getReach(binary.getRHS(), extents);
  if (expr.getKind() == AffineExprKind::Add)
    return llvm::SaturatingAdd(lhs, rhs);
  if (expr.getKind() == AffineExprKind::Mul)
    return llvm::SaturatingMultiply(lhs, rhs);
  auto divisor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  return divisor && divisor.getValue() > 0 ? std::max(lhs, rhs) : UINT64_MAX;
}

/// Positions that `map` gives for dimensions below `extents` fit 64 bits.
static LogicalResult expectReach(Operation *op, StringRef what, AffineMap map,
                                 ArrayRef<int64_t> extents) {
  constexpr uint64_t kLimit = uint64_t(1) << 62;
  if (llvm::all_of(map.getResults(), [&](AffineExpr result) {
        return getReach(result, extents) <= kLimit;
      }))
    return success();
  return op->emitOpError() << "expected " << what
                           << " to give positions below 2^62, but got "
                           << AffineMapAttr::get(map);
}

LogicalResult MappedCopyOp::verify() { // C1
  size_t dims = shapeOf(getOutput()).size();
  size_t results = shapeOf(getInput()).size();
  AffineMap map = getMap();
  if (getElementTypeOrSelf(getInput()) != getElementTypeOrSelf(getOutput()))
    return emitOpError("expected input and output of one type");
  if (map.getNumDims() != dims || map.getNumSymbols() != 0 ||
      map.getNumResults() != results)
    return emitOpError() << "expected a map of " << dims << " dimensions to "
                         << results << ", but got " << getMapAttr();
  return expectReach(*this, "map", map, shapeOf(getOutput())); // C2
}

bool MappedCopyOp::isTransposition(int64_t run) {
  ArrayRef<int64_t> x = shapeOf(getInput()), y = shapeOf(getOutput());
  AffineMap map = getMap();
  if (!getElementTypeOrSelf(getInput()).isInteger(8) || x.size() < 2 ||
      x.size() != y.size() || x.drop_front() != y.drop_back() ||
      ShapedType::getNumElements(x.drop_front()) % run != 0 ||
      y.back() % run != 0)
    return false;
  for (auto [position, result] : llvm::enumerate(map.getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(result);
    unsigned expected = position == 0 ? y.size() - 1 : position - 1;
    if (!dim || dim.getPosition() != expected)
      return false;
  }
  return true;
}

int64_t MappedContractOp::getRowCount() {
  return ShapedType::getNumElements(getRows());
}
int64_t MappedContractOp::getStepCount() {
  return ShapedType::getNumElements(getSteps());
}

/// Checks that `map` has `dims` dimensions and one result per dimension of the
/// operand.
static LogicalResult expectMap(Operation *op, StringRef what, AffineMap map,
                               size_t dims, Value operand) {
  size_t results = shapeOf(operand).size();
  if (map.getNumDims() == dims && map.getNumSymbols() == 0 &&
      map.getNumResults() == results && results > 0)
    return success();
  return op->emitOpError() << "expected " << what << " to have " << dims
                           << " dimensions and " << results
                           << " results, but got " << AffineMapAttr::get(map);
}

LogicalResult MappedContractOp::verify() {
  Value a = getA(), b = getB(), result = getAccumulators();
  if (!isa<MemRefType>(result.getType())) // C1
    return emitOpError("expected buffers");
  size_t rows = getRows().size(), steps = getSteps().size();
  auto isNegative = [](int64_t extent) { return extent < 0; };
  uint64_t count = getColumns();
  for (ArrayRef<int64_t> extents : {getRows(), getSteps()})
    for (int64_t extent : extents)
      count = llvm::SaturatingMultiply<uint64_t>(count,
                                                 std::max<int64_t>(extent, 1));
  if (count == 0 || count > (uint64_t(1) << 58) ||
      llvm::any_of(getRows(), [](int64_t extent) { return extent < 1; }) ||
      llvm::any_of(getSteps(), isNegative)) // C2
    return emitOpError("expected positive extents, and fewer than 2^63 "
                       "products");
  if (failed(expectMap(*this, "a_map", getAMap(), rows + steps, a)) ||
      failed(expectMap(*this, "b_map", getBMap(), 1 + steps, b)) ||
      failed(expectMap(*this, "result_map", getResultMap(), rows + 1, result)))
    return failure();                                                 // C2
  if (shapeOf(a).back() % kRun != 0 || shapeOf(b).back() % kRun != 0) // C2
    return emitOpError() << "expected last extents that are multiples of "
                         << kRun;
  SmallVector<int64_t> rowExtents(getRows()),
      columnExtents{static_cast<int64_t>(getColumns())};
  SmallVector<int64_t> resultExtents(rowExtents);
  llvm::append_range(resultExtents, columnExtents);
  llvm::append_range(rowExtents, getSteps());
  llvm::append_range(columnExtents, getSteps());
  if (failed(expectReach(*this, "a_map", getAMap(), rowExtents)) ||
      failed(expectReach(*this, "b_map", getBMap(), columnExtents)) ||
      failed(expectReach(*this, "result_map", getResultMap(), resultExtents)))
    return failure();                                 // C2
  if (getAccumulate() && (getBias() || getMaximum())) // C3
    return emitOpError("expected neither a bias nor a maximum with accumulate");
  return success();
}

LogicalResult ConcatOp::verify() {
  Value result = getOutput();
  SmallVector<int64_t> shape(shapeOf(result));
  uint64_t axis = getAxis();
  int64_t rest = axis < shape.size() ? shape[axis] : 0;
  for (Value input : getInputs()) {
    ArrayRef<int64_t> part = shapeOf(input);
    if (axis >= shape.size() || part.size() != shape.size() ||
        getElementTypeOrSelf(input) != getElementTypeOrSelf(result))
      return emitOpError() << "expected parts of " << result.getType()
                           << " along dimension " << axis << ", but got "
                           << input.getType();
    shape[axis] = part[axis];
    if (failed(expectShape(*this, "an input", input, shape)))
      return failure();
    rest -= part[axis];
  }
  if (rest != 0)
    return emitOpError() << "expected inputs that make up " << result.getType();
  return success();
}

/// Checks a pool with windows [N, OH, OW, C] on the image [N, H, W, C].
static LogicalResult verifyWindows(Operation *op, qtrain::WindowAttr window,
                                   Value image, Value windows) {
  ArrayRef<int64_t> x = shapeOf(image), y = shapeOf(windows);
  for (unsigned dim : {0u, 1u})
    if (!window.alwaysTouches(dim, x[dim + 1], y[dim + 1])) // C3
      return op->emitOpError()
             << "expected every window to touch the image, but got " << window
             << " on [" << x << "] giving [" << y << "]";
  return success();
}

/// `value` is at least as wide as `operand`, and of one kind with it.
static LogicalResult expectWidth(Operation *op, Value value, Value operand) {
  if (isFloat(value) == isFloat(operand) &&
      getElementTypeOrSelf(value).getIntOrFloatBitWidth() >=
          getElementTypeOrSelf(operand).getIntOrFloatBitWidth())
    return success();
  return op->emitOpError() << "expected an output as wide as "
                           << operand.getType() << ", but got "
                           << value.getType();
}

/// Checks a pool from `input` to `output`, of which one may be in the place of
/// the other.
static LogicalResult verifyPool(Operation *op, Value input, Value output) {
  if (failed(expectOneKind(op))) // C2
    return failure();
  ArrayRef<int64_t> x = shapeOf(input), y = shapeOf(output);
  if (x.size() != 4 || y.size() != 4 || x[0] != y[0] || x[3] != y[3]) // C1
    return op->emitOpError() << "expected equal batch and channels, but got ["
                             << x << "] and [" << y << "]";
  return success();
}

LogicalResult MaxPool2DOp::verify() {
  if (failed(verifyPool(*this, getInput(), getOutput())))
    return failure();
  if (getElementTypeOrSelf(getInput()) != getElementTypeOrSelf(getOutput()))
    return emitOpError("expected input and output of one type"); // C2
  return verifyWindows(*this, getWindow(), getInput(), getOutput());
}

LogicalResult MaxPool2DGradientOp::verify() {
  if (failed(verifyPool(*this, getInput(), getError())) ||
      failed(expectShape(*this, "output", getInputError(),
                         shapeOf(getInput()))) ||              // C1
      failed(expectWidth(*this, getInputError(), getError()))) // C2
    return failure();
  return verifyWindows(*this, getWindow(), getInput(), getError());
}

LogicalResult MaxPool2DPositionsOp::verify() {
  if (failed(verifyPool(*this, getInput(), getPositions())))
    return failure();
  return verifyWindows(*this, getWindow(), getInput(), getPositions());
}

LogicalResult MaxUnpool2DOp::verify() {
  if (failed(verifyPool(*this, getPositions(), getInputError())) ||
      failed(expectWidth(*this, getInputError(), getError())) || // C2
      failed(expectShape(*this, "error", getError(),
                         shapeOf(getPositions())))) // C1
    return failure();
  return verifyWindows(*this, getWindow(), getInputError(), getPositions());
}

LogicalResult AveragePool2DOp::verify() {
  if (failed(verifyPool(*this, getInput(), getOutput())))
    return failure();
  return verifyWindows(*this, getWindow(), getInput(), getOutput());
}

LogicalResult AveragePool2DGradientOp::verify() {
  if (failed(verifyPool(*this, getError(), getInputError())))
    return failure();
  return verifyWindows(*this, getWindow(), getInputError(), getError());
}

/// Checks that `bits` are bytes with one bit per element of `integers`.
static LogicalResult expectBits(Operation *op, Value bits, Value integers) {
  auto type = cast<ShapedType>(bits.getType());
  int64_t count = cast<ShapedType>(integers.getType()).getNumElements();
  int64_t bytes = llvm::divideCeil(count, 8);
  if (type.getElementType().isInteger(8) && type.getRank() == 1 &&
      type.getNumElements() == bytes)
    return success();
  return op->emitOpError() << "expected a mask of " << bytes
                           << " bytes, but got " << type;
}

LogicalResult MaxAbsOp::verify() {
  auto type = cast<ShapedType>(getInput().getType());
  auto maximum = cast<ShapedType>(getMaximum().getType());
  if (maximum.getElementTypeBitWidth() < type.getElementTypeBitWidth()) // C1
    return emitOpError() << "expected a maximum as wide as " << type
                         << ", but got " << maximum;
  if (getMask() && failed(expectBits(*this, getMask(), getInput()))) // C2
    return failure();
  return expectShape(*this, "maximum", getMaximum(), {}); // C1
}

LogicalResult RangeMaskOp::verify() {
  unsigned width = getElementTypeOrSelf(getInput()).getIntOrFloatBitWidth();
  auto fits = [&](std::optional<int64_t> end) {
    return llvm::isIntN(width, end.value_or(0));
  };
  if ((!getLow() && !getHigh()) || !fits(getLow()) || !fits(getHigh())) // C2
    return emitOpError() << "expected a lower or an upper end, of " << width
                         << " bits";
  return expectBits(*this, getMask(), getInput()); // C1
}

LogicalResult ApplyMaskOp::verify() {
  if (getElementTypeOrSelf(getInput()) != getElementTypeOrSelf(getOutput()))
    return emitOpError("expected input and output of one type");
  if (failed(expectBits(*this, getMask(), getInput()))) // C2
    return failure();
  return expectShape(*this, "output", getOutput(), shapeOf(getInput())); // C1
}

LogicalResult ChannelSumOp::verify() {
  ArrayRef<int64_t> x = shapeOf(getInput()), y = shapeOf(getSums());
  if (x.size() < 2)
    return emitOpError("expected an input of rank 2 or more");
  if (failed(expectOneKind(*this)))
    return failure();
  bool hasFloats = isFloat(getInput());
  if (hasFloats && (getFactor() != 1 || getSaturate())) // C2
    return emitOpError("expected a factor of 1 and no saturation for floats");
  if (hasFloats &&
      getElementTypeOrSelf(getInput()) != getElementTypeOrSelf(getSums())) // C2
    return emitOpError("expected sums of the input's element type");
  if (hasFloats && y.size() == 2) // C2
    return expectShape(*this, "partial sums", getSums(), {y[0], x.back()});
  return expectShape(*this, "sum", getSums(), x.take_back()); // C1
}

LogicalResult ScatterAddOp::verify() {
  ArrayRef<int64_t> rows = shapeOf(getRows()), sums = shapeOf(getSums());
  if (rows.size() != 2 || sums.size() != 2) // C1
    return emitOpError() << "expected rows and sums of rank 2, but got ["
                         << rows << "] and [" << sums << "]";
  if (isFloat(getRows()) != isFloat(getSums())) // C2
    return emitOpError("expected rows and sums of one kind");
  if (failed(expectShape(*this, "indices", getIndices(), rows.take_front())))
    return failure();
  return expectShape(*this, "sums", getSums(), {sums[0], rows[1]}); // C1
}

LogicalResult ChannelMomentsOp::verify() {
  ArrayRef<int64_t> x = shapeOf(getLhs()), y = shapeOf(getSums());
  if (x.size() != 2 || y.size() != 2)
    return emitOpError() << "expected inputs and outputs of rank 2, but got ["
                         << x << "] and [" << y << "]"; // C1
  if (failed(expectShape(*this, "second input", getRhs(), x)) ||
      failed(expectShape(*this, "sums", getSums(), {y[0], x[1]})))
    return failure();
  if (failed(expectShape(*this, "sums of products", getProducts(), y)))
    return failure();
  return expectOneKind(*this); // C2
}

LogicalResult SoftmaxErrorOp::verify() {
  bool hasFloats = isFloat(getError());
  if (hasFloats == getExponential().has_value()) // C2
    return emitOpError("expected an exponential exactly for integers");
  ArrayRef<int64_t> logits = shapeOf(getLogits());
  if (logits.size() != 2 || shapeOf(getLabels()) != logits.take_front()) // C1
    return emitOpError() << "expected logits of rank 2 and one label per row, "
                            "but got "
                         << getLogits().getType() << " and "
                         << getLabels().getType();
  if (isFloat(getLogits()) != hasFloats ||
      hasFloats == (getExponent() != nullptr)) // C1
    return emitOpError("expected logits of floats without an exponent, or of "
                       "integers with one");
  return expectShape(*this, "error", getError(), logits); // C1
}

LogicalResult RowMetricOp::verify() {
  qtrain::MetricAttrInterface metric = getMetric();
  ArrayRef<int64_t> shape = shapeOf(getPredictions());
  if (shape.size() != 2 || !metric.accepts(shape[1])) // C1
    return emitOpError() << "expected predictions of rank 2 as the metric "
                            "takes them, but got "
                         << getPredictions().getType();
  bool hasFloats = isFloat(getPredictions());
  bool hasLabels = metric.takesClasses();
  Type target = getElementTypeOrSelf(getTargets().getType());
  if (hasLabels ? !target.isInteger(32)
                : isFloat(getTargets()) != hasFloats) // C2
    return emitOpError() << "expected targets as the metric and "
                         << getPredictions().getType() << " need them, but got "
                         << getTargets().getType();
  if (isFloat(getValues()) != hasFloats ||
      hasFloats == (getExponent() != nullptr) ||
      (hasFloats || hasLabels) == (getTargetExponent() != nullptr)) // C2
    return emitOpError("expected values of 64 bits and an exponent exactly for "
                       "mantissas");
  if (failed(expectShape(*this, "targets", getTargets(),
                         hasLabels ? shape.take_front() : shape))) // C1
    return failure();
  return expectShape(*this, "values", getValues(), shape.take_front()); // C1
}
