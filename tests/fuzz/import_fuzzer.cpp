//===- import_fuzzer.cpp - The ONNX importer on arbitrary bytes -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Whatever the bytes, an import gives a module that verifies or one line of
// error, and a check gives a report or one line of error.
//
// Changes of bytes alone hardly get past the parser, so every other mutation
// changes a field of the parsed model.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/Import.h"

#include "google/protobuf/message.h"
#include "google/protobuf/stubs/logging.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"

#include "onnx/onnx_pb.h"

#include <cstdlib>
#include <memory>
#include <random>

using namespace mlir;
using namespace qtc::onnx_import;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

//===----------------------------------------------------------------------===//
// The property
//===----------------------------------------------------------------------===//

namespace {
/// Counts errors and checks that each is one line.
class ErrorCounter {
public:
  explicit ErrorCounter(MLIRContext &context)
      : handler(&context, [this](Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
            ++errors;
          if (diagnostic.str().find('\n') != std::string::npos)
            fail("a message has several lines: " + diagnostic.str());
          last = diagnostic.str();
          return success();
        }) {}

  void expect(bool isFailed) {
    if (errors != (isFailed ? 1 : 0))
      fail("expected one error for each failure, but got " +
           std::to_string(errors) + "; the last message: " + last);
    errors = 0;
  }

  static void fail(const std::string &text) {
    llvm::errs() << "import_fuzzer: " << text << "\n";
    std::abort();
  }

private:
  int errors = 0;
  std::string last;
  ScopedDiagnosticHandler handler;
};
} // namespace

/// A context that is new from time to time: attributes never leave one.
static MLIRContext &getContext() {
  static std::unique_ptr<MLIRContext> context;
  static int runs = 0;
  if (runs++ % 500 == 0)
    context = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
  return *context;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef bytes(reinterpret_cast<const char *>(data), size);
  MLIRContext &context = getContext();
  ErrorCounter errors(context);
  ImportOptions options;
  options.batch = 4;
  bool isImported = false;
  {
    OwningOpRef<ModuleOp> module =
        importOnnxBuffer(bytes, "fuzz.onnx", "", context, options);
    isImported = static_cast<bool>(module);
    errors.expect(!isImported);
  }
  FailureOr<ModelReport> report =
      checkOnnxBuffer(bytes, "fuzz.onnx", "", context, options);
  errors.expect(failed(report));
  if (isImported && (failed(report) || !report->isSupported()))
    ErrorCounter::fail("the model imports, but the check says it does not");
  if (failed(report))
    return 0;
  std::string text;
  llvm::raw_string_ostream os(text);
  printReport(*report, os);
  return 0;
}

//===----------------------------------------------------------------------===//
// Mutations of a model
//===----------------------------------------------------------------------===//

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

namespace {
/// A field that is set in some message of the model.
struct Place {
  Message *message;
  const FieldDescriptor *field;
};

/// Changes one field of a model, most of the time to something a model may
/// have.
class Mutator {
public:
  Mutator(Message &model, unsigned seed) : random(seed) { collect(model); }
  void run();

private:
  void collect(Message &message);
  size_t pick(size_t count) { return random() % count; }
  int64_t pickNumber();
  void changeScalar(const Place &place);
  void changeRepeated(const Place &place);

  std::mt19937 random;
  std::vector<Place> places;
  std::vector<std::string> strings = {"", "Conv", "Add", "Reshape", "Softmax"};
};
} // namespace

void Mutator::collect(Message &message) {
  std::vector<const FieldDescriptor *> fields;
  const Reflection *reflection = message.GetReflection();
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor *field : fields) {
    places.push_back({&message, field});
    bool isString = field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    bool isMessage = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (!field->is_repeated()) {
      if (isString)
        strings.push_back(reflection->GetString(message, field));
      if (isMessage)
        collect(*reflection->MutableMessage(&message, field));
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      if (isString)
        strings.push_back(reflection->GetRepeatedString(message, field, i));
      if (isMessage)
        collect(*reflection->MutableRepeatedMessage(&message, field, i));
    }
  }
}

int64_t Mutator::pickNumber() {
  static const int64_t numbers[] = {0,
                                    1,
                                    2,
                                    3,
                                    4,
                                    5,
                                    6,
                                    7,
                                    8,
                                    9,
                                    10,
                                    13,
                                    -1,
                                    -2,
                                    -3,
                                    16,
                                    18,
                                    64,
                                    1 << 20,
                                    INT32_MAX,
                                    INT32_MIN,
                                    1 << 30,
                                    1u << 31,
                                    UINT32_MAX,
                                    24,
                                    36,
                                    INT64_MAX,
                                    INT64_MIN,
                                    int64_t(1) << 62,
                                    1 << 16,
                                    255,
                                    1000};
  return numbers[pick(std::size(numbers))];
}

void Mutator::changeScalar(const Place &place) {
  auto [message, field] = place;
  const Reflection *reflection = message->GetReflection();
  switch (field->cpp_type()) {
  case FieldDescriptor::CPPTYPE_INT32:
    return reflection->SetInt32(message, field, int32_t(pickNumber()));
  case FieldDescriptor::CPPTYPE_INT64:
    return reflection->SetInt64(message, field, pickNumber());
  case FieldDescriptor::CPPTYPE_FLOAT:
    return reflection->SetFloat(message, field, float(pickNumber()) / 4);
  case FieldDescriptor::CPPTYPE_ENUM:
    return reflection->SetEnumValue(message, field, int(pick(20)));
  case FieldDescriptor::CPPTYPE_STRING:
    return reflection->SetString(message, field, strings[pick(strings.size())]);
  default:
    return reflection->ClearField(message, field);
  }
}

void Mutator::changeRepeated(const Place &place) {
  auto [message, field] = place;
  const Reflection *reflection = message->GetReflection();
  int size = reflection->FieldSize(*message, field);
  int index = int(pick(size));
  switch (pick(4)) {
  case 0:
    reflection->SwapElements(message, field, index, int(pick(size)));
    return;
  case 1:
    return reflection->RemoveLast(message, field);
  default:
    break;
  }
  switch (field->cpp_type()) {
  case FieldDescriptor::CPPTYPE_INT64:
    if (pick(4) == 0)
      return reflection->AddInt64(message, field, pickNumber());
    return reflection->SetRepeatedInt64(message, field, index, pickNumber());
  case FieldDescriptor::CPPTYPE_STRING: {
    const std::string &text = strings[pick(strings.size())];
    if (pick(4) == 0)
      return reflection->AddString(message, field, text);
    return reflection->SetRepeatedString(message, field, index, text);
  }
  case FieldDescriptor::CPPTYPE_MESSAGE: {
    Message *copy = reflection->AddMessage(message, field);
    copy->CopyFrom(reflection->GetRepeatedMessage(*message, field, index));
    return;
  }
  default:
    return;
  }
}

void Mutator::run() {
  if (places.empty())
    return;
  Place place = places[pick(places.size())];
  if (place.field->is_repeated())
    changeRepeated(place);
  else
    changeScalar(place);
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed) {
  google::protobuf::LogSilencer silencer;
  onnx::ModelProto model;
  if (seed % 2 == 0 || !model.ParsePartialFromArray(data, int(size)))
    return LLVMFuzzerMutate(data, size, maxSize);
  for (unsigned i = 0; i <= seed / 2 % 3; ++i)
    Mutator(model, seed + i).run();
  std::string bytes = model.SerializePartialAsString();
  if (bytes.empty() || bytes.size() > maxSize)
    return LLVMFuzzerMutate(data, size, maxSize);
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}
