"""Writes test/fixtures/tokenizers/*: small tokenizers of the shapes that models are published with, and the ids that their
own libraries give.

Run by hand where transformers, tokenizers, sentencepiece and protobuf are installed: python3 scripts/tokenizer_fixtures.py
A folder holds tokenizer.json and tokenizer_config.json, or for shapes that are SentencePiece's own a tokenizer.model, and
cases.json, a list of
  text      what is encoded
  ids       with what the tokenizer adds by itself, special tokens in the text found (transformers' default)
  plain     the same without what it adds (add_special_tokens=False)
  ordinary  the same with no special token found in the text (split_special_tokens=True), nor made of its letters by a
            model of pieces that has the names of special tokens among its pieces
  decoded   what `plain` decodes to, special tokens shown
With a tokenizer.model alone, `plain` and `ordinary` are SentencePiece's own, which finds no special token in a text.
Everything is trained on the text below with one thread, so that the files are the same from run to run.
"""

import base64
import io
import json
import logging
import os
import pathlib
import sys
import tempfile

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["HF_HUB_OFFLINE"] = "1"

import sentencepiece as spm
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast
from transformers.tokenization_utils_base import generate_merges

ROOT = pathlib.Path(__file__).resolve().parent.parent / "test" / "fixtures" / "tokenizers"

CORPUS = """
First Citizen: Before we proceed any further, hear me speak. All: Speak, speak. You are all resolved rather to die than to
famish? Resolved, resolved. First, you know Caius Marcius is chief enemy to the people. We know't, we know't. Let us kill
him, and we'll have corn at our own price. Is't a verdict? No more talking on't; let it be done: away, away!
But, soft! what light through yonder window breaks? It is the east, and Juliet is the sun. Arise, fair sun, and kill the
envious moon, who is already sick and pale with grief. O Romeo, Romeo! wherefore art thou Romeo? Deny thy father and refuse
thy name; or, if thou wilt not, be but sworn my love, and I'll no longer be a Capulet.
The quick brown fox jumps over the lazy dog. It's what they've said: don't you think she'd say I'm here, we're there?
THE HTTP API RETURNS JSON. Version 1.25 of 2024-11-30 has 1000000 users, 3.14159 is pi, 42 is the answer, 007 is a number.
Falsches Üben von Xylophonmusik quält jeden größeren Zwerg. Voix ambiguë d'un cœur qui préfère les jattes de kiwis à l'été.
El pingüino Wenceslao hizo kilómetros bajo exhaustiva lluvia y frío. Añoraba a su querido cachorro, ¿verdad? ¡Sí, señor!
Съешь же ещё этих мягких французских булок, да выпей чаю. Все люди рождаются свободными и равными в своём достоинстве.
Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. नमस्ते दुनिया, यह एक परीक्षण है। שלום עולם. مرحبا بالعالم، هذا نص عربي.
你好，世界！人人生而自由，在尊严和权利上一律平等。今天天气很好。こんにちは世界、これはテストです。안녕하세요 세계, 모든 인간은 태어날 때부터 자유롭다.
def forward(self, x):\n    if x is None:\n        return {"a": [1, 2, 3], "b": x + 1}\n    for i in range(10):\n\t\tprint(f"{i} -> {x[i]!r}")\n
<p class="note">Some <b>bold</b> text &amp; more</p> // see https://example.org/path?q=1&r=2#top  or  mail me@example.org
Emoji 🌍 🙂 👍🏽 🚀 and … dashes – — “quotes” ‘single’ • bullets, €5 £3 100% ½ x² → y.   Three spaces,    four spaces.
"""
LINES = [line.replace("\\n", "\n").replace("\\t", "\t") for line in CORPUS.strip().split("\n")]

TEXTS = [
    "",
    " ",
    "   ",
    "\n",
    "\n\n \n",
    "Hello",
    " Hello",
    "  Hello  world  ",
    "ROMEO:\nBut, soft! what light through yonder window breaks?",
    "I'll say it's what THEY'VE said, don't you know't?",
    "1234567890 12 3.14159 007 ١٢٣ ²½",
    "def f(x):\n    return x + 1\n\n\n\tif not x:\r\n        pass",
    "tab\tand\t\ttabs  \t mixed",
    "naïve café — nai\u0308ve cafe\u0301, Å A\u030a \u212b",
    "你好，世界！今天天气很好。",
    "こんにちは、ﾊﾝｶｸ と 全角ＡＢＣ１２３",
    "안녕하세요 세계",
    "Съешь же ещё этих мягких булок",
    "नमस्ते दुनिया",
    "مرحبا بالعالم",
    "🌍👩\u200d👧 🇩🇪 👍🏽 emoji🙂",
    "zero\u200bwidth\ufeffbom\u00a0nbsp\u3000ideographic\u2028line\u0085nel",
    "control\u0001\u0007chars\u007f",
    "ﬁne ﬂow ①②③ ｆｕｌｌ ℌ ㎏ …",
    "▁metaspace▁itself ▁▁ and▁",
    "a" * 40,
    "x=1;y=2;;z={'k':[1,2]}//<!--c-->",
    "https://example.org/a_b-c?d=e&f=%20#g",
    "𝕳𝖊𝖑𝖑𝖔 𐍈 \U0001f9d1\U0001f3fd\u200d\U0001f680",
    "trailing space ",
    "trailing newline\n",
    "Ġspelled ĊLike bytes <0x0A> <0xE4>",
    "don’t ‘curly’ “quotes” ‥ ‐ –",
    "ÀÉÎÕÜ ßẞ ıİ ΣΑΣ ςσ",
]
BYTES = sorted(pre_tokenizers.ByteLevel.alphabet())


def special(content, token_id, **options):
    return {"id": token_id, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": True, **options}


def byte_level(add_prefix_space=False, trim_offsets=True, use_regex=True):
    return {"type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": trim_offsets, "use_regex": use_regex}


def split(pattern, behavior="Isolated"):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": behavior, "invert": False}


def sequence(kind, *parts):
    return {"type": "Sequence", kind: list(parts)}


def template(before, after=()):
    """Adds tokens, given as (content, id), around a text."""
    def one(name, type_id):
        return {"SpecialToken": {"id": name, "type_id": type_id}}
    def around(letter, type_id):
        return [*[one(n, type_id) for n, _ in before], {"Sequence": {"id": letter, "type_id": type_id}},
                *[one(n, type_id) for n, _ in after]]
    return {"type": "TemplateProcessing", "single": around("A", 0), "pair": [*around("A", 0), *around("B", 1)],
            "special_tokens": {n: {"id": n, "ids": [i], "tokens": [n]} for n, i in [*before, *after]}}


def bpe_model(vocab, merges, as_pairs=False, **options):
    return {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, **options,
            "vocab": vocab, "merges": [list(m) if as_pairs else " ".join(m) for m in merges]}


def trained(pre_tokenizer, normalizer=None, size=640, without=()):
    """Vocabulary and merges over bytes, learnt from the corpus."""
    tokenizer = Tokenizer(models.BPE())
    parts = pre_tokenizer["pretokenizers"] if pre_tokenizer["type"] == "Sequence" else [pre_tokenizer]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizer_of(p) for p in parts])
    if normalizer == "NFC":
        tokenizer.normalizer = normalizers.NFC()
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=[b for b in BYTES if b not in without], show_progress=False, special_tokens=[])
    tokenizer.train_from_iterator(LINES, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    vocab = dict(sorted(model["vocab"].items(), key=lambda item: item[1]))
    return vocab, [tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in model["merges"]]


def pre_tokenizer_of(json_part):
    kind = json_part["type"]
    if kind == "ByteLevel":
        return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=json_part["use_regex"])
    if kind == "Split":
        return pre_tokenizers.Split(Regex(json_part["pattern"]["Regex"]), json_part["behavior"].lower())
    if kind == "Digits":
        return pre_tokenizers.Digits(individual_digits=json_part["individual_digits"])
    if kind == "Punctuation":
        return pre_tokenizers.Punctuation("contiguous")
    raise ValueError(kind)


def tokenizer_json(model, added, normalizer=None, pre_tokenizer=None, post_processor=None, decoder=None):
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": normalizer,
            "pre_tokenizer": pre_tokenizer, "post_processor": post_processor, "decoder": decoder, "model": model}


LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
QWEN = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
END = "<|endoftext|>"


def llama3():
    pre = sequence("pretokenizers", split(LLAMA3), byte_level(use_regex=False))
    vocab, merges = trained(pre)
    # A token that no merge makes: it is found because a whole piece that is a token is that token.
    vocab = {**vocab, "Ġemmergeless": len(vocab)}
    n = len(vocab)
    names = ["begin_of_text", "end_of_text", "reserved_special_token_0", "finetune_right_pad_id", "start_header_id",
             "end_header_id", "eom_id", "eot_id", "python_tag"]
    added = [special(f"<|{name}|>", n + i) for i, name in enumerate(names)]
    post = sequence("processors", byte_level(), template([("<|begin_of_text|>", n)]))
    return (tokenizer_json(bpe_model(vocab, merges, ignore_merges=True), added, pre_tokenizer=pre, post_processor=post,
                           decoder=byte_level()),
            {"bos_token": "<|begin_of_text|>", "clean_up_tokenization_spaces": True, "eos_token": "<|eot_id|>",
             "model_input_names": ["input_ids", "attention_mask"], "model_max_length": 131072,
             "tokenizer_class": "PreTrainedTokenizerFast"},
            ["<|begin_of_text|>twice", "<|start_header_id|>user<|end_header_id|>\n\nHi there<|eot_id|>", " emmergeless x"])


def qwen2():
    pre = sequence("pretokenizers", split(QWEN), byte_level(use_regex=False))
    vocab, merges = trained(pre, "NFC")
    n = len(vocab)
    added = [special(name, n + i) for i, name in enumerate([END, "<|im_start|>", "<|im_end|>"])]
    return (tokenizer_json(bpe_model(vocab, merges, continuing_subword_prefix="", end_of_word_suffix=""), added,
                           normalizer={"type": "NFC"}, pre_tokenizer=pre, post_processor=byte_level(trim_offsets=False),
                           decoder=byte_level(trim_offsets=False)),
            {"add_prefix_space": False, "additional_special_tokens": ["<|im_start|>", "<|im_end|>"], "bos_token": None,
             "clean_up_tokenization_spaces": False, "eos_token": END, "errors": "replace", "model_max_length": 32768,
             "pad_token": END, "split_special_tokens": False, "tokenizer_class": "Qwen2Tokenizer", "unk_token": None},
            ["<|im_start|>system\nYou are here.<|im_end|>\n<|im_start|>user\nHi<|im_end|>", f"x{END}y"])


def qwen3():
    json_, config, texts = qwen2()
    n = json_["added_tokens"][-1]["id"] + 1
    plain = ["<tool_call>", "</tool_call>", "<think>", "</think>"]
    json_["added_tokens"] += [special(name, n + i, special=False) for i, name in enumerate(plain)]
    json_["model"]["merges"] = [m.split(" ") for m in json_["model"]["merges"]]
    config = {"add_bos_token": False, **config, "eos_token": "<|im_end|>"}
    return json_, config, [*texts, "<think>\nlet me see\n</think>\n\n<tool_call>{}</tool_call>"]


def gpt2():
    pre = byte_level()
    vocab, merges = trained(pre)
    n = len(vocab)
    return (tokenizer_json(bpe_model({**vocab, END: n}, merges, continuing_subword_prefix="", end_of_word_suffix=""),
                           [special(END, n)], pre_tokenizer=pre,
                           post_processor=byte_level(add_prefix_space=True, trim_offsets=False),
                           decoder=byte_level(add_prefix_space=True)),
            {"add_bos_token": False, "bos_token": END, "eos_token": END, "model_max_length": 1024,
             "tokenizer_class": "GPT2Tokenizer", "unk_token": END},
            [f"x{END} y", f"{END}", "< |endoftext|>"])


def spaces_tokens(n):
    """As CodeGen and NeoX have them: runs of spaces, the longest first."""
    runs = [" " * k for k in range(8, 1, -1)] + ["\t" * k for k in range(4, 1, -1)]
    return [special(run, n + i, special=False, normalized=True) for i, run in enumerate(runs)]


def phi():
    json_, _, texts = gpt2()
    n = json_["added_tokens"][0]["id"] + 1
    json_["added_tokens"] += spaces_tokens(n)
    return (json_, {"add_prefix_space": False, "bos_token": END, "clean_up_tokenization_spaces": True, "eos_token": END,
                    "model_max_length": 2048, "tokenizer_class": "CodeGenTokenizer", "unk_token": END},
            [*texts, "if x:" + "\n" + " " * 12 + "y" + " " * 3 + "z\t\t\tw"])


def pythia():
    pre = byte_level()
    vocab, merges = trained(pre, "NFC")
    vocab = {END: 0, "<|padding|>": 1, **{token: i + 2 for token, i in vocab.items()}}
    added = [special(END, 0), special("<|padding|>", 1), *spaces_tokens(len(vocab))]
    return (tokenizer_json(bpe_model(vocab, merges), added, normalizer={"type": "NFC"}, pre_tokenizer=pre,
                           post_processor=byte_level(), decoder=byte_level()),
            {"add_bos_token": False, "add_eos_token": False, "add_prefix_space": False, "bos_token": END,
             "clean_up_tokenization_spaces": True, "eos_token": END, "pad_token": None,
             "tokenizer_class": "GPTNeoXTokenizer", "unk_token": END},
            [f"x{END}y", "code:" + "\n" + " " * 11 + "z"])


def starcoder2():
    pre = sequence("pretokenizers", {"type": "Digits", "individual_digits": True}, byte_level())
    vocab, merges = trained(pre)
    names = [END, "<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<fim_pad>", "<repo_name>", "<file_sep>"]
    vocab = {**{name: i for i, name in enumerate(names)}, **{token: i + len(names) for token, i in vocab.items()}}
    return (tokenizer_json(bpe_model(vocab, merges), [special(name, i) for i, name in enumerate(names)],
                           pre_tokenizer=pre, decoder=byte_level()),
            {"add_prefix_space": False, "additional_special_tokens": names, "bos_token": END,
             "clean_up_tokenization_spaces": True, "eos_token": END, "tokenizer_class": "TokenizersBackend",
             "unk_token": END, "vocab_size": len(vocab)},
            ["<fim_prefix>def f(x):<fim_suffix>return y<fim_middle>", f"{END}a1b22c333"])


def deepseek():
    """A post processor that adds nothing and a config that says otherwise: the tokenizer.json is what counts. The byte
    0xF8, which no text has, is no token, and what stands for it is one that was added."""
    pre = sequence("pretokenizers", split(r"[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split(r"[一-龥ࠀ-一가-퟿]+"),
                   {"type": "Digits", "individual_digits": True}, byte_level(use_regex=False))
    vocab, merges = trained(pre, without="ø")
    n = len(vocab)
    bos, eos = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"
    added = [special(bos, n, normalized=True), special(eos, n + 1, normalized=True), special("ø", n + 2, special=False)]
    return (tokenizer_json(bpe_model(vocab, merges), added, normalizer=sequence("normalizers"), pre_tokenizer=pre,
                           post_processor=byte_level(trim_offsets=False), decoder=byte_level()),
            {"add_bos_token": True, "add_eos_token": False, "bos_token": bos, "eos_token": eos,
             "clean_up_tokenization_spaces": False, "tokenizer_class": "TokenizersBackend"},
            [f"{bos}User: hi{eos}"])


def gpt_oss():
    pre = sequence("pretokenizers", split(O200K), byte_level(use_regex=False))
    vocab, merges = trained(pre)
    n = len(vocab)
    names = ["<|startoftext|>", END, "<|return|>", "<|start|>", "<|channel|>", "<|message|>", "<|end|>"]
    return (tokenizer_json(bpe_model(vocab, merges, as_pairs=True), [special(name, n + i) for i, name in enumerate(names)],
                           pre_tokenizer=pre, post_processor=byte_level(trim_offsets=False), decoder=byte_level()),
            {"bos_token": "<|startoftext|>", "clean_up_tokenization_spaces": False, "eos_token": "<|return|>",
             "pad_token": END, "tokenizer_class": "PreTrainedTokenizerFast"},
            ["<|start|>user<|message|>CamelCase and I'M<|end|>"])


def falcon():
    pre = sequence("pretokenizers", {"type": "Punctuation", "behavior": "Contiguous"}, byte_level(),
                   {"type": "Digits", "individual_digits": False}, split("[0-9][0-9][0-9]"))
    vocab, merges = trained(pre)
    vocab = {">>TITLE<<": 0, END: 1, **{token: i + 2 for token, i in vocab.items()}}
    return (tokenizer_json(bpe_model(vocab, merges), [special(">>TITLE<<", 0), special(END, 1)], pre_tokenizer=pre,
                           post_processor=byte_level(), decoder=byte_level()),
            {"add_prefix_space": False, "eos_token": END, "tokenizer_class": "PreTrainedTokenizerFast"},
            [">>TITLE<<News" + END])


def whole_words():
    """Tokens that count as whole words only, a space before the first piece only, unknown ones fused within a word."""
    letters = ["<unk>", "<s>", *"▁abcdefghijklmnopqrstuvwxyz'-,.!?"]
    pairs = [("▁", "t"), ("h", "e"), ("▁t", "he"), ("l", "l"), ("▁", "f")]
    vocab = {w: i for i, w in enumerate([*letters, *["".join(p) for p in pairs]])}
    at = len(vocab)
    added = [special("<unk>", 0), special("<s>", 1), special("tool", at, single_word=True, special=False),
             special("end", at + 1, single_word=True), special("it's", at + 2, single_word=True, special=False)]
    meta = {"type": "Metaspace", "replacement": "▁", "split": True}
    before = sequence("pretokenizers", {"type": "WhitespaceSplit"}, {"type": "Punctuation", "behavior": "Contiguous"},
                      {**meta, "prepend_scheme": "first"})
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>", "bos_token": "<s>"}
    model = bpe_model(vocab, pairs, unk_token="<unk>", fuse_unk=True)
    texts = ["tool", "tools", "a tool.", "tooltool tool", "the end", "ended", "it's its", "it's it'sx", "'s", "--f", "ÉÉ É"]
    return tokenizer_json(model, added, None, before, template([("<s>", 1)]), {**meta, "prepend_scheme": "never"}), config, texts


def sentence_piece(**options):
    """Bytes of a model; without paths or threads in them, so that they are the same wherever they are made."""
    out = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter([line for text in LINES for line in text.split("\n")]), model_writer=out, num_threads=1,
        minloglevel=2, **options)
    return out.getvalue()


LLAMA_SPM = dict(model_type="bpe", vocab_size=700, byte_fallback=True, normalization_rule_name="identity",
                 remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True,
                 character_coverage=0.99, unk_surface=" \u2047 ")
GEMMA_SPM = dict(LLAMA_SPM, add_dummy_prefix=False, pad_id=0, eos_id=1, bos_id=2, unk_id=3, bos_piece="<bos>",
                 eos_piece="<eos>", user_defined_symbols=["<mask>", "<unused0>", "<start_of_turn>", "<end_of_turn>", "\n\n",
                                                          "\n\n\n", "\t\t", "▁▁", "▁▁▁", "▁▁▁▁", "<table>", "<b>"])


def pieces(model):
    processor = spm.SentencePieceProcessor(model_proto=model)
    return {processor.id_to_piece(i): i for i in range(processor.get_piece_size())}


def merges_of(model, vocab):
    processor = spm.SentencePieceProcessor(model_proto=model)
    normal = {t: i for t, i in vocab.items() if not (processor.is_control(i) or processor.is_byte(i) or processor.is_unknown(i))}
    return generate_merges(normal)


LLAMA_CONFIG = {"add_bos_token": True, "add_eos_token": False, "bos_token": "<s>", "clean_up_tokenization_spaces": False,
                "eos_token": "</s>", "legacy": False, "model_max_length": 1000000000000000019884624838656,
                "pad_token": None, "sp_model_kwargs": {}, "tokenizer_class": "LlamaTokenizer", "unk_token": "<unk>"}
SPM_DECODER = [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}]
STRIP = {"type": "Strip", "content": " ", "start": 1, "stop": 0}


def llama2(metaspace=False):
    model = sentence_piece(**LLAMA_SPM)
    vocab = pieces(model)
    added = [special(name, i) for i, name in enumerate(["<unk>", "<s>", "</s>"])]
    spaced = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    how = (dict(pre_tokenizer={"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False})
           if metaspace else dict(normalizer=sequence("normalizers", {"type": "Prepend", "prepend": "▁"}, spaced)))
    return (tokenizer_json(bpe_model(vocab, merges_of(model, vocab), unk_token="<unk>", fuse_unk=True, byte_fallback=True,
                                     as_pairs=metaspace),
                           added, post_processor=template([("<s>", 1)]),
                           decoder=sequence("decoders", *SPM_DECODER, STRIP), **how),
            {**LLAMA_CONFIG, "tokenizer_class": "LlamaTokenizer" if metaspace else "PreTrainedTokenizerFast"},
            ["<s> twice", "[INST] <<SYS>> Be kind. <</SYS>> Hi [/INST] Hello </s><s>[INST] more [/INST]", "<unk>x"])


def phi3():
    """Llama 2's shape without a token that begins a text; its special tokens swallow the space after them."""
    json_, config, _ = llama2()
    n = len(json_["model"]["vocab"])
    names = [END, "<|assistant|>", "<|system|>", "<|end|>", "<|user|>"]
    json_["added_tokens"] += [special(name, n + i, rstrip=name not in (END, "<|assistant|>"))
                              for i, name in enumerate(names)]
    json_["post_processor"] = template([])
    return (json_, {**config, "add_bos_token": False, "eos_token": END, "pad_token": END},
            ["<|system|> You are kind. <|end|>\n<|user|>\n Hi <|end|> \n<|assistant|> Hello"])


def gemma():
    model = sentence_piece(**GEMMA_SPM)
    vocab = pieces(model)
    processor = spm.SentencePieceProcessor(model_proto=model)
    def token(name):
        is_special = processor.is_control(vocab[name]) or processor.is_unknown(vocab[name]) or "turn" in name
        return special(name, vocab[name], special=is_special)
    added = [token(n) for n in ["<pad>", "<eos>", "<bos>", "<unk>", *GEMMA_SPM["user_defined_symbols"]]]
    return (tokenizer_json(bpe_model(vocab, merges_of(model, vocab), unk_token="<unk>", fuse_unk=True, byte_fallback=True,
                                     as_pairs=True), sorted(added, key=lambda t: t["id"]),
                           normalizer={"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
                           pre_tokenizer={"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious",
                                          "invert": False},
                           post_processor=template([("<bos>", 2)]), decoder=sequence("decoders", *SPM_DECODER)),
            {"add_bos_token": True, "add_eos_token": False, "bos_token": "<bos>", "clean_up_tokenization_spaces": False,
             "eos_token": "<eos>", "pad_token": "<pad>", "spaces_between_special_tokens": False,
             "tokenizer_class": "GemmaTokenizer", "unk_token": "<unk>"},
            ["<start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n", "<table><b>x</b>", "<bos>twice", "a\n\n\n\nb\t\t\tc"])


# A few of the rules of NFKC as SentencePiece takes them: what is found, what is put there, in hexadecimal code points.
RULES = [("ﬁ", "fi"), ("ﬂ", "fl"), ("①", "1"), ("②", "2"), ("…", "..."), ("㎏", "kg"), ("½", "1⁄2"), ("²", "2"), ("ℌ", "H"),
         ("\u212b", "Å"), ("A\u030a", "Å"), ("e\u0301", "é"), ("i\u0308", "ï"), ("\u00a0", " "), ("\u3000", " "),
         ("\u2028", " "), ("\u0085", " "), ("\t", " "), ("\n", " "), ("\r", " "), ("\u200b", ""), ("\ufeff", ""),
         ("\u0001", ""), ("\u007f", ""), ("ﾊ", "ハ"), ("ﾝ", "ン"), ("ｶ", "カ"), ("ｸ", "ク"),
         *[(chr(0xfee0 + c), chr(c)) for c in range(0x21, 0x7f)]]


def rules_file(folder):
    def line(text):
        return " ".join(f"{ord(c):X}" for c in text)
    path = pathlib.Path(folder) / "rules.tsv"
    path.write_text("".join(f"{line(a)}\t{line(b)}\n" for a, b in RULES))
    return str(path)


def unigram_spm(**options):
    with tempfile.TemporaryDirectory() as folder:
        model = sentence_piece(model_type="unigram", vocab_size=700, character_coverage=0.99, hard_vocab_limit=False,
                               normalization_rule_tsv=rules_file(folder), **options)
        return without_path(model, folder)


def without_path(model, folder):
    """The name of the file with rules is kept in a model: it says nothing, and differs from run to run."""
    proto = sentencepiece_model_pb2.ModelProto.FromString(model)
    proto.normalizer_spec.normalization_rule_tsv = ""
    made = proto.SerializeToString(deterministic=True)
    assert folder.encode() not in made
    return made


def t5():
    """Unigram, a charsmap, and a token that ends a text."""
    model = unigram_spm(pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    proto = sentencepiece_model_pb2.ModelProto.FromString(model)
    vocab = [[p.piece, p.score] for p in proto.pieces] + [["<extra_id_1>", 0.0], ["<extra_id_0>", 0.0]]
    n = len(vocab)
    added = [special(name, i) for i, name in [(0, "<pad>"), (1, "</s>"), (2, "<unk>"), (n - 2, "<extra_id_1>"), (n - 1, "<extra_id_0>")]]
    meta = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    charsmap = base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode()
    return (tokenizer_json({"type": "Unigram", "unk_id": 2, "vocab": vocab, "byte_fallback": False}, added,
                           normalizer={"type": "Precompiled", "precompiled_charsmap": charsmap},
                           pre_tokenizer=sequence("pretokenizers", {"type": "WhitespaceSplit"}, meta),
                           post_processor=template([], [("</s>", 1)]), decoder=meta),
            {"eos_token": "</s>", "pad_token": "<pad>", "tokenizer_class": "TokenizersBackend", "unk_token": "<unk>"},
            ["<extra_id_0> fills</s>"])


HUB = {f.__name__: f for f in [llama3, qwen2, qwen3, gpt2, phi, pythia, starcoder2, deepseek, gpt_oss, falcon, llama2, phi3,
                               gemma, t5, whole_words]}
HUB["llama2_metaspace"] = lambda: llama2(metaspace=True)

# With a tokenizer.model alone: name, the model, its config, and further texts.
SPM = {
    "spm_llama2": lambda: (sentence_piece(**LLAMA_SPM), LLAMA_CONFIG, ["<s> and </s> are no tokens here <unk>"]),
    "spm_gemma": lambda: (sentence_piece(**GEMMA_SPM),
                          {"add_bos_token": True, "add_eos_token": False, "bos_token": "<bos>", "eos_token": "<eos>",
                           "pad_token": "<pad>", "tokenizer_class": "GemmaTokenizer", "unk_token": "<unk>"},
                          ["<start_of_turn>user\nHi<end_of_turn>", "<table><b>x</b>", "a\n\n\n\nb\t\t\tc", "▁▁▁▁▁▁▁"]),
    "spm_unigram": lambda: (unigram_spm(byte_fallback=True, user_defined_symbols=["<sep>", "<cls>"]),
                            {"add_bos_token": False, "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"},
                            ["a<sep>b <cls> c", "  two   spaces  <sep>  end "]),
    "spm_unknown": lambda: (unigram_spm(), None, ["ꙮ unknown ꙮꙮ things 𝕳𝖊"]),
}


def written(value, **options):
    return json.dumps(value, ensure_ascii=False, **options) + "\n"


def ordinary_tokenizer(folder):
    """One in which no text is spelled like a special token."""
    json_ = json.loads((folder / "tokenizer.json").read_text())
    if json_["model"]["type"] == "Unigram":
        names = {token["content"] for token in json_["added_tokens"] if token["special"]}
        json_["added_tokens"] = [token for token in json_["added_tokens"] if not token["special"]]
        json_["model"]["vocab"] = [["\uffff" + p if p in names else p, score] for p, score in json_["model"]["vocab"]]
    made = Tokenizer.from_str(json.dumps(json_))
    made.encode_special_tokens = True
    return made


def hub_cases(folder, texts):
    apart = ordinary_tokenizer(folder)
    found = PreTrainedTokenizerFast.from_pretrained(folder)
    auto = AutoTokenizer.from_pretrained(folder)
    cases = []
    for text in texts:
        ids = found(text).input_ids
        if auto(text).input_ids != ids:
            print(f"{folder.name}: AutoTokenizer ({type(auto).__name__}) differs for {text!r}:\n"
                  f"  {auto.convert_ids_to_tokens(auto(text).input_ids)}\n  {found.convert_ids_to_tokens(ids)}")
        plain = found(text, add_special_tokens=False).input_ids
        ordinary = apart.encode(text, add_special_tokens=False).ids
        cases.append({"text": text, "ids": ids, "plain": plain, "ordinary": ordinary, "decoded": found.decode(plain)})
    return cases


def spm_cases(model, config, texts):
    processor = spm.SentencePieceProcessor(model_proto=model)
    before = [processor.bos_id()] if config and config.get("add_bos_token") else []
    cases = []
    for text in texts:
        plain = processor.encode(text)
        cases.append({"text": text, "ids": [*before, *plain], "plain": plain, "ordinary": plain,
                      "decoded": processor.decode(plain)})
    return cases


def write_cases(folder, cases):
    lines = ",\n".join(json.dumps(case) for case in cases)
    (folder / "cases.json").write_text(f"[\n{lines}\n]\n")


def main(names):
    logging.disable(logging.WARNING)
    for name, make in HUB.items():
        if names and name not in names:
            continue
        json_, config, texts = make()
        folder = ROOT / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tokenizer.json").write_text(written(json_))
        (folder / "tokenizer_config.json").write_text(written(config, indent=2))
        write_cases(folder, hub_cases(folder, TEXTS + texts))
    for name, make in SPM.items():
        if names and name not in names:
            continue
        model, config, texts = make()
        folder = ROOT / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tokenizer.model").write_bytes(model)
        if config:
            (folder / "tokenizer_config.json").write_text(written(config, indent=2))
        write_cases(folder, spm_cases(model, config, TEXTS + texts))


if __name__ == "__main__":
    main(sys.argv[1:])
