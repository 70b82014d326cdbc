//===- abi.h - contract between compiled models and the runtime -*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The interface between compiled models and the runtime. The compiler emits one
// constant `qtcrt_compiled_model` and the functions it points to; the runtime
// provides the functions declared at the end. Plain C layout, no dependencies.
// Any change of a struct or a signature raises QTCRT_ABI_VERSION.
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_ABI_H
#define QTCRT_ABI_H

#include <stdint.h>

#define QTCRT_ABI_VERSION 16

/// Most ports of a model.
#define QTCRT_MAX_PORTS 64

// Names of a C interface.
// NOLINTBEGIN(readability-identifier-naming)

#ifdef __cplusplus
extern "C" {
#endif

/// Element types of stored tensors and ports; UINT8 is for ports alone.
enum qtcrt_dtype {
  QTCRT_INT8 = 0,
  QTCRT_INT16 = 1,
  QTCRT_INT32 = 2,
  QTCRT_INT64 = 3,
  QTCRT_FLOAT32 = 4,
  QTCRT_UINT8 = 5
};

/// Instruction sets a variant may need, from the weakest to the strongest. The
/// runtime runs the strongest variant the processor supports.
enum qtcrt_isa {
  QTCRT_ISA_BASELINE = 0,  ///< x86-64 (SSE2)
  QTCRT_ISA_AVX2 = 1,      ///< AVX2 and FMA
  QTCRT_ISA_AVX512 = 2,    ///< AVX-512 F, BW, VL, DQ and CD (x86-64-v4)
  QTCRT_ISA_AVXVNNI = 3,   ///< AVX2, FMA and AVX-VNNI (256 bit)
  QTCRT_ISA_AVX512VNNI = 4 ///< AVX-512 F, BW, VL, DQ, CD and VNNI
};

/// How the learning-rate value of a schedule is handed to the step.
enum qtcrt_schedule_kind {
  QTCRT_SCHEDULE_INTEGER = 0, ///< an integer, as it is (NITI: gradient bits mu)
  QTCRT_SCHEDULE_FLOAT = 1,   ///< the bits of an IEEE single (fp32: step size)
  QTCRT_SCHEDULE_LOG2 = 2     ///< a power of two, as its binary logarithm
};

/// Kinds of tensors of the training state.
enum qtcrt_state_kind {
  QTCRT_STATE_PARAMETER = 0,  ///< counted, hashed, exported
  QTCRT_STATE_BUFFER = 1,     ///< running statistics: hashed, not trained
  QTCRT_STATE_OPTIMIZER = 2,  ///< momentum and the like: saved, not hashed
  QTCRT_STATE_EVALUATION = 3, ///< values that evaluation reads in place of a
                              ///< buffer: saved, not hashed
  QTCRT_STATE_SCRATCH = 4     ///< sums of `estimate`: neither saved nor hashed
};

/// What a port of a step is for.
enum qtcrt_port_role {
  QTCRT_PORT_INPUT = 0,      ///< what the model computes with
  QTCRT_PORT_TARGET = 1,     ///< what it should compute
  QTCRT_PORT_PREDICTION = 2, ///< what it has computed; the step writes it
  QTCRT_PORT_EXPONENT = 3,   ///< one INT32 that the step writes: numbers of its
                             ///< output's PREDICTION are mantissa * 2^this
  QTCRT_PORT_METRIC = 4,     ///< one number for each position of an example,
                             ///< how well it is predicted; the step writes it
  QTCRT_PORT_WEIGHT = 5      ///< the weights of these positions, which are 1
                             ///< without it: the mean of its output's METRIC
                             ///< of the same name is the sum divided by that
                             ///< of the weights; the step writes it
};

/// Names of METRIC ports. QTCRT_METRIC_LOSS is what training minimizes the mean
/// of; QTCRT_METRIC_ACCURACY is 1 for a correct class and 0 for another. Every
/// output has its own.
#define QTCRT_METRIC_LOSS "loss"
#define QTCRT_METRIC_ACCURACY "accuracy"

/// What the elements of an INPUT, TARGET, METRIC or WEIGHT stand for.
enum qtcrt_encoding {
  QTCRT_ENCODING_PIXEL = 0, ///< UINT8, which the step normalizes
  QTCRT_ENCODING_CLASS = 1, ///< INT32 indices: classes, or rows of a table; in
                            ///< a TARGET also the label that is ignored
  QTCRT_ENCODING_NUMBER = 2 ///< FLOAT32, or mantissas of INT8, INT32 or INT64:
                            ///< number = mantissa * 2^exponent
};

/// The operation that the peak function of a variant measures.
enum qtcrt_peak_kind {
  QTCRT_PEAK_DOT_PRODUCT = 0, ///< products of bytes, added to 32 bits
  QTCRT_PEAK_MULTIPLY_ADD = 1 ///< products of IEEE singles, added to singles
};

/// One tensor of the training state, stored row-major in the ONNX layout.
typedef struct qtcrt_tensor {
  const char *name;      ///< ONNX initializer name, UTF-8. A tensor of
                         ///< another tensor has its name, a dot and a word
  const int64_t *shape;  ///< `rank` extents, each > 0
  uint64_t offset;       ///< bytes from the start of the state, 64-aligned
  uint64_t elements;     ///< product of the shape
  uint32_t rank;         ///< 0 to 8
  uint32_t dtype;        ///< enum qtcrt_dtype
  uint32_t kind;         ///< enum qtcrt_state_kind
  uint32_t has_exponent; ///< 1 when the value is mantissa * 2^exponent
  int32_t exponent;      ///< fixed for the whole run
  uint16_t frozen;       ///< 1 when training leaves it alone
  uint16_t levels;       ///< integers to draw from: -n to n for 2 * n + 1
  uint32_t id;           ///< word of the tensor's random counters
  uint32_t uniform;      ///< not 0: the run's seed draws the initial mantissas,
                         ///< this times uniform integers. FLOAT32: the bits
                         ///< of a single b, for uniform numbers in (-b, b)
  uint32_t origin;       ///< EVALUATION: index of the tensor in whose
                         ///< place it is read, of the same shape and type
  uint32_t reserved;
} qtcrt_tensor;

/// One operation of a step, for profiles.
typedef struct qtcrt_op {
  const char *name; ///< node of the model, or the op's own name
  const char *kind; ///< "conv2d", "weight_gradient", "elementwise", ...
  uint64_t macs;    ///< useful multiply-accumulates of one execution
  uint64_t bytes;   ///< bytes read and written by one execution
} qtcrt_op;

/// A tensor that a step reads from its caller or writes for it, row-major: the
/// examples of a batch one after another, but one EXPONENT for all of them.
typedef struct qtcrt_port {
  const char *name;      ///< of the model's input or output, UTF-8
  const int64_t *shape;  ///< of an example: `rank` extents, each > 0
  uint64_t elements;     ///< of an example: product of the shape
  uint32_t rank;         ///< 0 to 7
  uint32_t role;         ///< enum qtcrt_port_role
  uint32_t dtype;        ///< enum qtcrt_dtype
  uint32_t encoding;     ///< enum qtcrt_encoding
  int32_t exponent;      ///< of mantissas, except those of PREDICTION
  uint32_t standardized; ///< INPUT of numbers: not 0 if they are (x - mean) /
                         ///< deviation of their channel (dimension 0) in the
                         ///< training set
  uint32_t classes;      ///< CLASS: indices are below this; otherwise 0
  uint32_t are_shares;   ///< TARGET of numbers: not 0 if they are in [0, 1]
  uint32_t output;       ///< index in qtcrt_model::outputs; 0 for an INPUT
  uint32_t reserved;
} qtcrt_port;

/// An output of the model, which a loss of its own trains.
typedef struct qtcrt_output {
  const char *name;       ///< of the model's output, UTF-8
  double loss_weight;     ///< training minimizes the sum of the losses of all
                          ///< outputs, each times this; positive
  double guess_loss;      ///< QTCRT_METRIC_LOSS if the prediction is the same
                          ///< for all classes; 0 if that depends on the data
  uint32_t classes;       ///< of the targets; 0 if they are numbers
  int32_t ignored_label;  ///< label of positions that do not count
  uint32_t ignores_label; ///< not 0 if there is an ignored label
  uint32_t reserved;
} qtcrt_output;

typedef struct qtcrt_executor qtcrt_executor;

/// Operands of one call of a step function.
typedef struct qtcrt_step {
  uint8_t *state;   ///< state_bytes, 64-byte aligned
  uint8_t *arena;   ///< arena_bytes of the variant, 64-byte aligned
  uint64_t seed;    ///< Philox key
  int64_t schedule; ///< learning rate, see enum qtcrt_schedule_kind
  uint32_t step;    ///< global step from 0, modulo 2^32. estimate: the number
                    ///< of calls before this one
  uint32_t reserved;
  /// Indexed as qtcrt_model::ports, each 64-byte aligned. `estimate` uses the
  /// inputs alone.
  void *ports[QTCRT_MAX_PORTS];
} qtcrt_step;

typedef void (*qtcrt_step_function)(qtcrt_executor *executor,
                                    const qtcrt_step *step);

/// Pieces of a device's memory. Scalars of a step are memory there, so that its
/// launches are the same every time.
enum qtcrt_memory {
  QTCRT_MEMORY_STATE = 0,    ///< qtcrt_model::state_bytes
  QTCRT_MEMORY_ARENA = 1,    ///< qtcrt_variant::arena_bytes
  QTCRT_MEMORY_SEED = 2,     ///< uint64_t
  QTCRT_MEMORY_SCHEDULE = 3, ///< int64_t
  QTCRT_MEMORY_STEP = 4,     ///< uint32_t
  QTCRT_MEMORY_PORT = 5      ///< the first of qtcrt_model::ports; port i has
                             ///< this number plus i
};

/// A place in a device's memory.
typedef struct qtcrt_address {
  uint64_t offset; ///< bytes from the start of the memory
  uint32_t memory; ///< enum qtcrt_memory
  uint32_t reserved;
} qtcrt_address;

/// One kernel on a grid of `blocks` times `threads`.
typedef struct qtcrt_launch {
  const char *kernel;             ///< name of a function of the device code
  const qtcrt_address *arguments; ///< pointers that the kernel takes
  uint32_t argument_count;
  uint32_t blocks, threads;
  uint32_t shared_bytes; ///< per block, besides those the kernel declares
} qtcrt_launch;

typedef struct qtcrt_device qtcrt_device;
struct qtcrt_model;
struct qtcrt_variant;

/// A step on a device: launches, each after the one before.
typedef struct qtcrt_device_program {
  /// Provided by the runtime: takes the device and all memory of `variant`,
  /// whose program this is.
  qtcrt_device *(*open)(const struct qtcrt_model *model,
                        const struct qtcrt_variant *variant);
  /// Provided by the runtime: ten times the compute capability of the machine's
  /// device; 0 if it has none.
  uint32_t (*detect)(void);
  const char *code;            ///< PTX, ends with a zero
  const unsigned char *binary; ///< machine code for `capability`, or null
  const qtcrt_launch *train, *evaluate, *estimate;
  uint64_t train_count, evaluate_count, estimate_count, binary_bytes;
  uint32_t capability; ///< minimum of the device, 80 for 8.0
  uint32_t exact;      ///< not 0: newer devices cannot run it
} qtcrt_device_program;

/// The compiled code for one instruction set, or for a device, and for one
/// number of examples per step. The state is that of all variants.
typedef struct qtcrt_variant {
  const char *name;             ///< the --isa spelling
  qtcrt_step_function train;    ///< one training step
  qtcrt_step_function evaluate; ///< forward pass only
  /// Pools the statistics of the batch with those of the calls before it, and
  /// writes the state of kind EVALUATION; null if there is none.
  qtcrt_step_function estimate;
  /// Runs `iterations` rounds of independent instructions that multiply and
  /// accumulate registers and returns a value that depends on all of them.
  int32_t (*peak)(int64_t iterations);
  uint64_t peak_macs;   ///< multiply-accumulates of one round
  uint64_t arena_bytes; ///< scratch memory of each of these functions
  /// Indexed by qtcrt_mark's argument, or as qtcrt_device_program::train.
  const qtcrt_op *train_ops;
  uint64_t train_op_count;
  /// The program for a device; the functions above are null then. Null for code
  /// of the processor.
  const qtcrt_device_program *device;
  uint32_t isa;       ///< enum qtcrt_isa
  uint32_t peak_kind; ///< enum qtcrt_peak_kind
  int64_t batch;      ///< examples per step
} qtcrt_variant;

/// A compiled model. All strings are UTF-8 and live as long as the program.
typedef struct qtcrt_model {
  uint32_t abi_version; ///< QTCRT_ABI_VERSION of the compiler
  uint32_t struct_size; ///< sizeof(qtcrt_model)
  const char *name;     ///< file name of the model without suffix
  const char *scheme;   ///< "niti", "fp32", ...
  const char *options;  ///< JSON object of the options that change results,
                        ///< after the batch; a resumed run must have the same
  const char *evaluation_options; ///< JSON object of those options, or parts,
                                  ///< that change what `eval` computes; a
                                  ///< checkpoint must have the same
  const char *model_hash;         ///< XXH3-128 of the ONNX file, and of its
                                  ///< external data if it has any, hex
  const char *compiler_version;
  const char *default_schedule; ///< --schedule when none is given
  uint64_t default_seed;
  const qtcrt_port *ports; ///< sorted by role, then by output: one or more of
                           ///< INPUT, and for each output one of TARGET, one of
                           ///< PREDICTION, under integer schemes one of
                           ///< EXPONENT, one or more of METRIC, any of WEIGHT
  uint64_t port_count;
  const qtcrt_output *outputs;
  uint64_t output_count; ///< 1 or more
  uint64_t state_bytes;
  const uint8_t *initial_state; ///< state before the first step
  const qtcrt_tensor *tensors;  ///< the state, sorted bytewise by name,
                                ///< then by kind
  uint64_t tensor_count;
  const qtcrt_variant *variants; ///< those of a batch one after another, the
                                 ///< batch that runs by default first; every
                                 ///< batch has the same names
  uint64_t variant_count;
  uint32_t schedule_kind;    ///< enum qtcrt_schedule_kind
  uint32_t estimate_batches; ///< batches to estimate statistics on, unless the
                             ///< run says otherwise; 0 without `estimate`
} qtcrt_model;

/// Emitted by the compiler.
extern const qtcrt_model qtcrt_compiled_model;

/// A piece of a parallel loop: runs iterations [begin, end). `worker` is the
/// index of the running thread, below the number of threads.
typedef void (*qtcrt_task)(void *closure, int64_t begin, int64_t end,
                           int64_t worker);

/// Provided by the runtime: runs all iterations [0, count) of a loop in pieces
/// of any size, on any of the threads, and returns when all are done.
/// Iterations must not depend on each other.
void qtcrt_parallel_for(qtcrt_executor *executor, qtcrt_task task,
                        void *closure, int64_t count);

/// Provided by the runtime: qtcrt_device_program::open for CUDA.
qtcrt_device *qtcrt_open_cuda(const struct qtcrt_model *model,
                              const struct qtcrt_variant *variant);

/// Provided by the runtime: qtcrt_device_program::detect for CUDA.
uint32_t qtcrt_detect_cuda(void);

/// Provided by the runtime: notes that operation `op` of the step has ended.
void qtcrt_mark(qtcrt_executor *executor, int64_t op);

#ifdef __cplusplus
} // extern "C"

static_assert(sizeof(qtcrt_tensor) == 72, "qtcrt_tensor is part of the ABI");
static_assert(sizeof(qtcrt_op) == 32, "qtcrt_op is part of the ABI");
static_assert(sizeof(qtcrt_port) == 64, "qtcrt_port is part of the ABI");
static_assert(sizeof(qtcrt_output) == 40, "qtcrt_output is part of the ABI");
static_assert(sizeof(qtcrt_step) == 552, "qtcrt_step is part of the ABI");
static_assert(sizeof(qtcrt_address) == 16, "qtcrt_address is part of the ABI");
static_assert(sizeof(qtcrt_launch) == 32, "qtcrt_launch is part of the ABI");
static_assert(sizeof(qtcrt_device_program) == 96,
              "qtcrt_device_program is part of the ABI");
static_assert(sizeof(qtcrt_variant) == 96, "qtcrt_variant is part of the ABI");
static_assert(sizeof(qtcrt_model) == 160, "qtcrt_model is part of the ABI");
#endif

// NOLINTEND(readability-identifier-naming)

#endif // QTCRT_ABI_H
