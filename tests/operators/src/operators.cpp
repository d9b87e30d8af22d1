// Names the operators that libtorch is asked for in a while by one thread: what a GPU would be given a kernel for. Only tests ask;
// a program that does not has none of this in it.

#include <ATen/core/Tensor.h>
#include <ATen/record_function.h>

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

namespace {

// Those that give a tensor another shape or make room for one, and compute nothing.
const std::unordered_set<std::string> &no_kernels() {
  static const std::unordered_set<std::string> names = {
      "aten::alias",        "aten::as_strided", "aten::chunk",         "aten::contiguous",  "aten::detach",
      "aten::detach_",      "aten::empty",      "aten::empty_like",    "aten::empty_strided", "aten::expand",
      "aten::expand_as",    "aten::flatten",    "aten::is_same_size",   "aten::narrow",
      "aten::new_empty",    "aten::numpy_T",    "aten::permute",       "aten::reshape",     "aten::resize_",
      "aten::resolve_conj", "aten::resolve_neg", "aten::result_type", "aten::select",       "aten::set_",        "aten::slice",
      "aten::split",        "aten::split_with_sizes", "aten::squeeze", "aten::t",           "aten::to",
      "aten::transpose",    "aten::unbind",     "aten::unflatten",     "aten::unsqueeze",   "aten::view",
      "aten::view_as",      "aten::_reshape_alias", "aten::_unsafe_view", "aten::_to_copy", "aten::lift_fresh",
  };
  return names;
}

// Those that a GPU computes at once, whatever a processor does one after the other.
const std::unordered_set<std::string> &one_kernel() {
  static const std::unordered_set<std::string> names = {
      "aten::baddbmm", "aten::baddbmm_", "aten::bmm", "aten::cat", "aten::linalg_vector_norm", "aten::mean", "aten::native_layer_norm",
      "aten::sum", "aten::_softmax", "aten::_scaled_dot_product_flash_attention_for_cpu",
      "aten::_scaled_dot_product_flash_attention_for_cpu_backward",
      // Of numbers of two kinds, which a GPU turns into one as it reads them.
      "aten::add", "aten::add_", "aten::sub", "aten::sub_", "aten::mul", "aten::mul_", "aten::leaky_relu_backward",
  };
  return names;
}

// What names the nodes of a recorded gradient, beside the operators that they ask for.
bool is_of_the_recorder(const std::string &name) {
  return name.rfind("autograd::", 0) == 0 || name.rfind("torch::autograd::", 0) == 0 || name == "detach";
}

// An operator that has begun and not ended.
struct Working {
  // It has asked for another that computes.
  bool asked;
  // Nothing that it asks for counts: it works on a number, or is a part of what a GPU computes at once.
  bool of_a_number;
  bool at_once;
};

struct Watch {
  std::string names;
  std::vector<Working> working;
};

thread_local std::unique_ptr<Watch> watch;
thread_local at::CallbackHandle handle;

// Whether an operator works on a number of the program, which kernels take as an argument.
bool is_of_a_number(const at::RecordFunction &function) {
  const auto inputs = function.inputs();
  return !inputs.empty() && inputs[0].isTensor() && inputs[0].toTensor().defined() &&
         inputs[0].toTensor().unsafeGetTensorImpl()->is_wrapped_number();
}

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction &function) {
  if (!watch) {
    return nullptr;
  }
  const bool at_once =
      (!watch->working.empty() && watch->working.back().at_once) || one_kernel().count(function.name()) != 0;
  watch->working.push_back({false, is_of_a_number(function), at_once});
  return nullptr;
}

void end(const at::RecordFunction &function, at::ObserverContext *) {
  // The callback has come in the middle of an operator, or on another thread.
  if (!watch || watch->working.empty()) {
    return;
  }
  // Whoever asks others to compute is no kernel; those who ask for room or a view alone are.
  const Working ended = watch->working.back();
  watch->working.pop_back();
  const bool is_part = !watch->working.empty() && watch->working.back().at_once;
  const std::string name = function.name();
  const bool no_kernel = ended.of_a_number || no_kernels().count(name) != 0 || is_of_the_recorder(name);
  if (is_part || (no_kernel && !ended.asked)) {
    return;
  }
  if (!ended.asked) {
    watch->names += function.name();
    watch->names += '\n';
  }
  if (!watch->working.empty()) {
    watch->working.back().asked = true;
  }
}

}  // namespace

extern "C" void drapes_operators_begin() {
  watch = std::make_unique<Watch>();
  handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback(begin, end).needsInputs(true).scopes({at::RecordScope::FUNCTION}));
}

extern "C" void drapes_operators_end() { at::removeCallback(handle); }

// The names in the order of their ends, a line each; they last until the thread begins anew.
extern "C" const char *drapes_operators_names() { return watch->names.c_str(); }
