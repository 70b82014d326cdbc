//===- QKernelDialect.cpp - Dialect, attributes and launches --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QKernel/IR/QKernel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <functional>
#include <numeric>

using namespace mlir;
using namespace qtc::qkernel;

#include "dialect/QKernel/IR/QKernelAttributesEnums.cpp.inc"
#include "dialect/QKernel/IR/QKernelDialect.cpp.inc"
#include "dialect/QKernel/IR/QKernelInterfaces.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/QKernel/IR/QKernelAttributes.cpp.inc"
#define GET_OP_CLASSES
#include "dialect/QKernel/IR/QKernelOps.cpp.inc"

void QKernelDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/QKernel/IR/QKernelAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialect/QKernel/IR/QKernelOps.cpp.inc"
      >();
}

/// Whether `op` reads its destination `init` before it writes it.
static bool readsDestination(DestinationStyleOpInterface op, OpOperand &init) {
  if (auto contract = dyn_cast<ContractOp>(op.getOperation()))
    return init.get() == contract.getShift(); // tries the old shift
  if (auto contract = dyn_cast<MappedContractOp>(op.getOperation()))
    return contract.getAccumulate() ||
           init.get() == contract.getMaximum(); // raises the maximum
  return false;
}

void qtc::qkernel::detail::inferKernelTypes(ValueRange outputs,
                                            SmallVectorImpl<Type> &types) {
  llvm::append_range(types, llvm::make_filter_range(outputs.getTypes(),
                                                    llvm::IsaPred<TensorType>));
}

void qtc::qkernel::detail::getKernelEffects(
    DestinationStyleOpInterface op,
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    bool isInit = op.isDpsInit(&operand);
    if (!isInit || readsDestination(op, operand))
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
    if (isInit)
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
  }
}

//===----------------------------------------------------------------------===//
// Marks
//===----------------------------------------------------------------------===//

/// Whether `value` is an entry of a profile.
static bool isProfileEntry(Attribute value) {
  auto entry = dyn_cast<DictionaryAttr>(value);
  auto isInteger = [&](StringRef name) {
    auto number = entry.getAs<IntegerAttr>(name);
    return number && number.getType().isSignlessInteger(64);
  };
  return entry && entry.getAs<StringAttr>("name") &&
         entry.getAs<StringAttr>("kind") && isInteger("macs") &&
         isInteger("bytes") &&
         (!entry.contains("tiles") || entry.getAs<StringAttr>("tiles"));
}

/// What the mark called `name` has to be; nothing if `value` is.
static StringRef getExpectedMark(StringRef name, Attribute value) {
  if (name == QKernelDialect::kKindAttrName ||
      name == QKernelDialect::kTilesAttrName)
    return isa<StringAttr>(value) ? "" : "a string";
  if (name == QKernelDialect::kMacsAttrName) {
    auto number = dyn_cast<IntegerAttr>(value);
    return number && number.getType().isSignlessInteger(64)
               ? ""
               : "a 64-bit integer";
  }
  if (name == QKernelDialect::kKernelAttrName)
    return isa<UnitAttr>(value) ? "" : "without a value";
  if (name != QKernelDialect::kProfileAttrName)
    return "";
  auto entries = dyn_cast<ArrayAttr>(value);
  return entries && llvm::all_of(entries, isProfileEntry)
             ? ""
             : "an array of name, kind, macs and bytes";
}

LogicalResult
QKernelDialect::verifyOperationAttribute(Operation *op,
                                         NamedAttribute attribute) {
  StringRef expected =
      getExpectedMark(attribute.getName(), attribute.getValue());
  if (!expected.empty())
    return op->emitOpError()
           << "expected " << attribute.getName() << " to be " << expected
           << ", but got " << attribute.getValue();
  return success();
}

LogicalResult
QKernelDialect::verifyRegionArgAttribute(Operation *op, unsigned regionIndex,
                                         unsigned argIndex,
                                         NamedAttribute attribute) {
  if (attribute.getName() != kRootAttrName)
    return op->emitOpError() << "has no argument attribute "
                             << attribute.getName() << " in dialect qkernel";
  auto root = dyn_cast<IntegerAttr>(attribute.getValue());
  auto function = dyn_cast<FunctionOpInterface>(op);
  auto isBuffer = [&](unsigned index) {
    return !function || isa<MemRefType>(function.getArgumentTypes()[index]);
  };
  if (root && root.getType().isSignlessInteger(64) &&
      !root.getValue().isNegative() && root.getValue().ult(argIndex) &&
      isBuffer(argIndex) && isBuffer(root.getInt()))
    return success();
  return op->emitOpError()
         << "expected '" << kRootAttrName << "' of argument " << argIndex
         << " to be the number of a buffer before it, but got "
         << attribute.getValue();
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

static int64_t product(ArrayRef<int64_t> values) {
  return std::accumulate(values.begin(), values.end(), int64_t(1),
                         std::multiplies<int64_t>());
}

int64_t ContractionAttr::getRowCount() const { return product(getRows()); }

int64_t ContractionAttr::getStepCount() const { return product(getSteps()); }

int64_t ContractionAttr::getOffset(Operand operand) const {
  return getOffsets().empty() ? 0 : getOffsets()[operand];
}

int64_t ContractionAttr::getGroupStride(Operand operand) const {
  if (operand == Result)
    return getColumns();
  return getGroupStrides().empty() ? 0 : getGroupStrides()[operand];
}

SmallVector<int64_t> ContractionAttr::getAllResultStrides() const {
  if (!getResultStrides().empty())
    return llvm::to_vector(getResultStrides());
  SmallVector<int64_t> strides(getRows().size());
  int64_t stride = getColumns() * getGroups();
  for (size_t i = strides.size(); i-- > 0; stride *= getRows()[i])
    strides[i] = stride;
  return strides;
}

static uint64_t getMagnitude(int64_t value) {
  return value < 0 ? -static_cast<uint64_t>(value) : value;
}

/// The distance from the first to the last element, at most 2^64 − 1.
static uint64_t getReach(ArrayRef<int64_t> extents, ArrayRef<int64_t> strides) {
  uint64_t reach = 0;
  for (auto [extent, stride] : llvm::zip_equal(extents, strides))
    reach = llvm::SaturatingMultiplyAdd<uint64_t>(extent, getMagnitude(stride),
                                                  reach);
  return reach;
}

/// Whether addresses and counts of the contraction fit 64 bits, with room for
/// sums of some.
static bool isAddressable(ArrayRef<int64_t> rows, ArrayRef<int64_t> rowStrides,
                          ArrayRef<int64_t> resultStrides,
                          ArrayRef<int64_t> steps, ArrayRef<int64_t> aStrides,
                          ArrayRef<int64_t> bStrides,
                          ArrayRef<int64_t> others) {
  constexpr uint64_t kLimit = uint64_t(1) << 60;
  uint64_t count = 1;
  for (ArrayRef<int64_t> extents : {rows, steps, others})
    for (int64_t extent : extents)
      count = llvm::SaturatingMultiply<uint64_t>(
          count, std::max<uint64_t>(getMagnitude(extent), 1));
  return count <= kLimit && getReach(rows, rowStrides) <= kLimit &&
         (resultStrides.empty() || getReach(rows, resultStrides) <= kLimit) &&
         getReach(steps, aStrides) <= kLimit &&
         getReach(steps, bStrides) <= kLimit;
}

LogicalResult ContractionAttr::verify(
    function_ref<InFlightDiagnostic()> emitError, ArrayRef<int64_t> rows,
    ArrayRef<int64_t> rowStrides, ArrayRef<int64_t> resultStrides,
    ArrayRef<int64_t> steps, ArrayRef<int64_t> aStrides,
    ArrayRef<int64_t> bStrides, int64_t columns, int64_t panel,
    int64_t panelStride, ArrayRef<int64_t> offsets, int64_t groups,
    ArrayRef<int64_t> groupStrides, int64_t splits) {
  if (rows.empty() || rows.size() != rowStrides.size() ||
      (!resultStrides.empty() && rows.size() != resultStrides.size()))
    return emitError() << "expected one stride per row dimension";
  if (steps.empty() || steps.size() != aStrides.size() ||
      steps.size() != bStrides.size())
    return emitError() << "expected two strides per step dimension";
  auto isPositive = [](int64_t value) { return value > 0; };
  auto isNegative = [](int64_t value) { return value < 0; };
  if (!llvm::all_of(rows, isPositive) || llvm::any_of(steps, isNegative) ||
      columns < 1 || panel < 1 || groups < 1 || splits < 1)
    return emitError() << "expected positive extents";
  if (!offsets.empty() && offsets.size() != Result + 1)
    return emitError() << "expected offsets of A, B, start values and result";
  if (llvm::any_of(offsets, isNegative))
    return emitError() << "expected offsets that are not negative";
  if (groupStrides.size() != (groups > 1 ? Result : 0))
    return emitError() << "expected strides of groups in A, B and start values";
  SmallVector<int64_t> others = {columns, groups, splits};
  bool fits = isAddressable(rows, rowStrides, resultStrides, steps, aStrides,
                            bStrides, others);
  SmallVector<int64_t> distances = {panel, panelStride};
  llvm::append_range(distances, offsets);
  llvm::append_range(distances, groupStrides);
  for (int64_t distance : distances)
    fits &=
        isAddressable(columns, distance, {}, groups, distance, distance, {});
  if (!fits)
    return emitError() << "expected counts and addresses below 2^60";
  if (steps.front() % splits != 0)
    return emitError() << "expected splits that divide the first step "
                          "dimension, but got "
                       << splits << " of " << steps.front();
  return success();
}

/// Whether a task can take an operand of type `passed` as `argument`: of flat
/// buffers it gets the address, so they may differ in size.
static bool isTakenAs(Type passed, Type argument) {
  auto buffer = dyn_cast<MemRefType>(passed);
  auto taken = dyn_cast<MemRefType>(argument);
  return passed == argument ||
         (buffer && taken && buffer.getRank() == 1 && taken.getRank() == 1 &&
          buffer.getElementType() == taken.getElementType() &&
          buffer.getLayout().isIdentity() && taken.getLayout().isIdentity() &&
          buffer.getMemorySpace() == taken.getMemorySpace());
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  auto task =
      symbolTable.lookupNearestSymbolFrom<func::FuncOp>(*this, getTaskAttr());
  if (!task)
    return emitOpError() << "expected a function named " << getTaskAttr();
  SmallVector<Type> expected(2, IndexType::get(getContext()));
  llvm::append_range(expected, getArguments().getTypes());
  if (task.getNumArguments() != expected.size() ||
      !llvm::all_of(llvm::zip_equal(expected, task.getArgumentTypes()),
                    [](auto types) {
                      return isTakenAs(std::get<0>(types), std::get<1>(types));
                    }) ||
      task.getNumResults() != 0) // C1
    return emitOpError() << "expected a function of two indices and "
                         << getArguments().getTypes() << ", but got "
                         << task.getFunctionType();
  return success();
}
