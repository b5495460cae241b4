/**
 * The Python end of LibTorch sessions, as text: it loads archives and answers calls over its standard streams.
 *
 * A message is four bytes of length, that many bytes of text, and then the bytes of the tensors that the text lists, one a
 * line, row-major and little-endian. What goes in begins with `load ID DEVICE PATH`, `run ID` or `drop ID`; what comes out with
 * `ready VERSION`, `missing WHY`, `loaded`, `done`, or `failed KIND WHY`, where KIND is `device`, `model` or `call`. A line of
 * `run` is an argument of `forward`, its dtype and its sizes; `past[]` is an item of a list, and alone the list itself. Lines of
 * `load` stand for an archive without numbers, which is loaded in place of the file: `archive BYTES`, and those follow the text;
 * then where in the file each tensor begins: `OFFSET transformer.wte.weight`.
 * `examples/cpp_libtorch/session.cpp` speaks the same.
 */
export const program = `
import sys

# Else a torch.py in the folder where somebody looks at a model would be run.
sys.path = [folder for folder in sys.path if folder != ""]

import ctypes, functools, io, os, re, signal, struct, threading, time, warnings

warnings.filterwarnings("ignore")
signal.signal(signal.SIGINT, signal.SIG_IGN)
parent = os.getppid()


def end_with_parent():
    """In the middle of a call nobody looks at what is received, nor sees that it is closed."""
    while os.getppid() == parent:
        time.sleep(0.25)
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
received, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)


def memory(tensor):
    size = tensor.numel() * tensor.element_size()
    return memoryview((ctypes.c_char * size).from_address(tensor.data_ptr())).cast("B") if size else b""


def send(lines, tensors=()):
    text = "\\n".join(lines).encode()
    answers.write(struct.pack("<I", len(text)) + text)
    for tensor in tensors:
        answers.write(memory(tensor))
    answers.flush()


def fill(view):
    at = 0
    while at < len(view):
        count = received.readinto(view[at:])
        if not count:
            os._exit(0)
        at += count


def read(size):
    data = bytearray(size)
    fill(memoryview(data))
    return bytes(data)


def readable(cause):
    """Errors of a call say what is wrong in the last line, below the way to it; others in the first, above it."""
    text = str(cause)
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [type(cause).__name__]
    places = re.findall(r'File "(code/[^"]+)", line (\\d+)', text)
    at = -1 if "Traceback of TorchScript" in text else 0
    said = re.sub(r"^[\\w.]*(Error|Exception): ", "", lines[at]).rstrip(":")
    return said[:400] + (" (%s, line %s)" % places[at] if places else "")


try:
    import torch
except BaseException as cause:
    send(["missing " + readable(cause)])
    sys.exit(0)

dtypes = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16,
          "int64": torch.int64, "bool": torch.bool}
names = {dtype: name for name, dtype in dtypes.items()}


class Device(Exception):
    pass


models = {}


def settle():
    """Without it the second call of every shape takes seconds, to be optimised for calls like the first."""
    for quiet in (lambda: torch.jit.set_fusion_strategy([]),
                  lambda: torch._C._jit_set_profiling_executor(False),
                  lambda: torch._C._jit_set_profiling_mode(False)):
        try:
            quiet()
        except Exception:
            pass


def load(lines, archive):
    _, key, device, path = lines[0].split(" ", 3)
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise Device("torch %s %s" % (torch.__version__,
                                      "sees no GPU" if torch.version.cuda else "was built without CUDA"))
    model = torch.jit.load(archive or path, map_location=device).eval()
    if archive:
        take(lines[2:], path, model, device)
    models[key] = model, device
    arguments = model.forward.schema.arguments[1:]
    send(["loaded"] + ["%s %s" % (a.name, a.type.annotation_str.replace(" ", "")) for a in arguments])


def take(lines, path, model, device):
    with open(path, "rb") as stored:
        for offset, name in (line.split(" ", 1) for line in lines):
            tensor = functools.reduce(getattr, name.split("."), model)
            taken = torch.empty(tensor.shape, dtype=tensor.dtype)
            stored.seek(int(offset))
            if stored.readinto(memory(taken)) != taken.numel() * taken.element_size():
                raise ValueError("the file ends in the middle of " + name)
            tensor.data = taken.to(device)


def given(lines):
    """All of what follows the text is read before anything can go wrong with it."""
    arguments = {}
    for line in lines:
        name, *form = line.split(" ")
        value = None
        if form:
            value = torch.empty([int(n) for n in form[1:]], dtype=dtypes[form[0]])
            fill(memory(value))
        if not name.endswith("[]"):
            arguments[name] = value
        else:
            held = arguments.setdefault(name[:-2], [])
            if form:
                held.append(value)
    return arguments


def moved(value, device):
    return [t.to(device) for t in value] if isinstance(value, list) else value.to(device)


def flat(value):
    if isinstance(value, torch.Tensor):
        return [value]
    return [tensor for item in value for tensor in flat(item)]


def run(lines, arguments):
    model, device = models[lines[0].split(" ")[1]]
    with torch.no_grad():
        outputs = flat(model(**{name: moved(value, device) for name, value in arguments.items()}))
        outputs = [t.to("cpu").contiguous() for t in outputs]
    send(["done"] + [" ".join([names[t.dtype]] + [str(n) for n in t.shape]) for t in outputs], outputs)


def drop(lines):
    models.pop(lines[0].split(" ")[1], None)
    send(["done"])


settle()
send(["ready " + torch.__version__])
while True:
    lines = read(struct.unpack("<I", read(4))[0]).decode().split("\\n")
    verb = lines[0].split(" ")[0]
    arguments = given(lines[1:]) if verb == "run" else {}
    archive = io.BytesIO(read(int(lines[1].split(" ")[1]))) if verb == "load" and lines[1:] else None
    try:
        if verb == "run":
            run(lines, arguments)
        elif verb == "load":
            load(lines, archive)
        else:
            drop(lines)
    except Device as cause:
        send(["failed device " + readable(cause)])
    except Exception as cause:
        send(["failed %s %s" % ("model" if verb == "load" else "call", readable(cause))])
`;
